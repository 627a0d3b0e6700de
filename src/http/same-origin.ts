import { AetherError } from '../core/index.ts'
import type { Exchange } from './exchange/exchange.ts'

/** @throws AetherError for a request that isn't to be answered */
export type Admission = (exchange: Exchange) => void

/**
 * Lets in only requests that name one of these hosts, and no page of another origin: a web page that
 * somebody on this machine looks at must not reach the actors (DNS rebinding, cross-site requests).
 */
export function sameOriginOnly(hosts: readonly string[]): Admission {
  const allowedHosts = new Set(hosts.map((host) => host.toLowerCase()))
  return (exchange) => {
    const host = exchange.headers.get('host') ?? ''
    const origin = exchange.headers.get('origin')
    if (!allowedHosts.has(host.toLowerCase()))
      throw refused(`the host ${JSON.stringify(host)} is not this gateway`)
    if (origin !== null && !isOwn(origin, allowedHosts)) {
      throw refused(`a page of the origin ${JSON.stringify(origin)} may not send requests here`)
    }
    if (origin === null && isEmbedded(exchange))
      throw refused('a page elsewhere may not send requests here')
  }
}

function isOwn(origin: string, allowedHosts: ReadonlySet<string>): boolean {
  return /^https?:/i.test(origin) && URL.canParse(origin) && allowedHosts.has(new URL(origin).host)
}

/**
 * Browsers name no origin where a page can't read the answer: of an image, a frame, a fetch without CORS. But
 * they tell that it isn't somebody who opens the address (W3C Fetch Metadata).
 */
function isEmbedded({ headers }: Exchange): boolean {
  const site = headers.get('sec-fetch-site')
  const isElsewhere = site === 'cross-site' || site === 'same-site'
  return isElsewhere && headers.get('sec-fetch-dest') !== 'document'
}

function refused(reason: string): AetherError {
  return new AetherError('forbidden-origin', reason)
}
