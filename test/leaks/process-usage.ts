import { readdirSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What this process holds: timers, sockets, requests and the like, and open files, by kind. */
export function processUsage(): ReadonlyMap<string, number> {
  const usage = new Map<string, number>([['open files', openFiles()]])
  for (const kind of process.getActiveResourcesInfo()) usage.set(kind, (usage.get(kind) ?? 0) + 1)
  return usage
}

/** What is left once all garbage is collected, in megabytes. */
export function usedMegabytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  return process.memoryUsage().heapUsed / 1024 / 1024
}

/** 0 where the system doesn't tell. */
function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
}
