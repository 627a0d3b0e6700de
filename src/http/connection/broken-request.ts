import { STATUS_CODES } from 'node:http'

/** What the parser says of bytes that it can't read on: a code of its own, or that they took too long. */
export type ParserError = Error & { readonly code?: string }

const statusOfParser: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

/** What is said to bytes that are no request, or the beginning of one; undefined where the connection itself failed. */
export function refusalOf({ code = '' }: ParserError): string | undefined {
  const status = statusOfParser[code] ?? (code.startsWith('HPE_') ? 400 : undefined)
  if (status === undefined) return undefined
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
}
