import type { Node } from '../../node/index.ts'
import { metricsContentType, prometheusText } from '../../telemetry/index.ts'
import { type Exchange, jsonReply, textReply, type Reply } from '../exchange/exchange.ts'

/** `GET /metrics`: in the format of OpenMetrics for whoever accepts it, else in that of Prometheus. */
export async function metricsReply(node: Node, { headers }: Exchange): Promise<Reply> {
  const accepted = headers.get('accept') ?? ''
  const format = accepted.includes('application/openmetrics-text') ? 'openmetrics' : 'prometheus'
  const text = prometheusText(await node.metrics(), format)
  return textReply(200, text, { 'content-type': metricsContentType[format] })
}

/** `GET /readyz`: 200 if the node can do its work, else 503 and why it can't. */
export async function readinessReply(node: Node): Promise<Reply> {
  const readiness = await node.readiness()
  return jsonReply(readiness.ready ? 200 : 503, readiness, { 'cache-control': 'no-store' })
}
