import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['aether-source'] },
  ssr: { resolve: { conditions: ['aether-source'] } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    globalSetup: 'test/support/global-setup.ts',
    // Half of the time, a file waits: for servers, leases and reminders.
    maxWorkers: availableParallelism() + 1,
    // Only what hangs gets there, also on a machine that has much else to do.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
})
