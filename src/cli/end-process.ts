import type { ExitCode } from './exit-code.ts'

/**
 * Ends the process once all that was written is on its way, whatever is still open: the module that a command
 * loaded may keep a pool or a timer, which would keep the process alive for ever.
 */
export async function endProcess(code: ExitCode): Promise<never> {
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  process.exit(code)
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => void stream.write('', () => resolve()))
}
