/** Every path of the gateway; the first that fits a request is its name. */
const routes = [
  '/actors/{type}/{key}',
  '/actors/{type}/{key}/events',
  '/actors/{type}/{key}/{name}',
  '/events',
  '/events/stream',
  '/projections',
  '/quarantine',
  '/quarantine/{type}/{key}',
  '/projections/{name}',
  '/projections/{name}/parked',
  '/projections/{name}/parked/retry',
  '/projections/{name}/pause',
  '/projections/{name}/resume',
  '/projections/{name}/rebuild',
  '/projections/{name}/parked/{type}/{key}/retry',
  '/projections/{name}/parked/{type}/{key}/skip',
  '/reminders',
  '/reminders/{type}/{key}',
  '/reminders/{type}/{key}/{name}',
  '/views/{name}',
  '/views/{name}/{key}',
  '/healthz',
  '/readyz',
  '/metrics',
].map((route) => ({ route, parts: route.split('/') }))

/** The path of a request as one of few: what is different each time is named. Empty for what is none. */
export function routeName(target: string): string {
  const [path = ''] = target.split('?', 1)
  const segments = path.split('/')
  const found = routes.find(
    ({ parts }) =>
      parts.length === segments.length &&
      parts.every((part, index) => part.startsWith('{') || part === segments[index]),
  )
  return found?.route ?? ''
}
