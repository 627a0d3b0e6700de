import { inspect } from 'node:util'
import { AetherError } from '../core/index.ts'

/**
 * A host is the whole of what a client sends. Another name would let in nobody, and a pattern would open the
 * gateway, which asks nobody who he is, to the pages that it is closed to.
 * @throws AetherError `invalid-argument`
 */
export function checkHostName(name: string): void {
  if (/^\.|\*/.test(name)) {
    const instead = 'list them one by one, or let the proxy send 127.0.0.1 and the port as Host'
    throw refused(`hosts are no patterns as ${inspect(name)} is: ${instead}`)
  }
  if (isSent(name)) return
  const examples = 'house.example, house.example:8443 or xn--huser-gra.example'
  throw refused(`hosts are names as clients send them, ${examples}, not ${inspect(name)}`)
}

/** What a URL makes of it is itself, but for the port of its own scheme, which a URL leaves out. */
function isSent(name: string): boolean {
  const schemes = ['http', 'https']
  return schemes.some((scheme) => URL.parse(`${scheme}://${name}`)?.host === name.toLowerCase())
}

function refused(message: string): AetherError {
  return new AetherError('invalid-argument', message)
}
