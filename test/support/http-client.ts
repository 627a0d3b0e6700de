import { request } from 'node:http'

export interface RawReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  /** The body as JSON. */
  readonly json: never
}

export interface RawRequest {
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
}

/** Sends a request with its target exactly as given: no URL parser tidies it up. */
export function send(
  url: string,
  method: string,
  target: string,
  options: RawRequest = {},
): Promise<RawReply> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const outgoing = request({
      hostname,
      port,
      method,
      path: target,
      headers: options.headers ?? {},
      agent: false,
    })
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8')
        const { statusCode = 0, headers } = response
        resolve({
          status: statusCode,
          headers,
          body,
          get json() {
            return JSON.parse(body) as never
          },
        })
      })
    })
    outgoing.end(options.body)
  })
}
