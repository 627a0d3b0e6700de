import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How often the event loop is looked at; it counts into every delay. */
const resolutionMs = 1
const nsPerMs = 1e6

/**
 * How late a timer comes while the work is done, in milliseconds: its 99th percentile. That is how
 * long whatever else the process does has to wait.
 */
export async function loopDelayP99Ms(work: () => Promise<unknown>): Promise<number> {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs })
  delays.enable()
  try {
    await work()
  } finally {
    delays.disable()
  }
  return delays.percentile(99) / nsPerMs
}
