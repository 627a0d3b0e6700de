import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['aether-source'] },
  ssr: { resolve: { conditions: ['aether-source'] } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    globalSetup: 'test/support/global-setup.ts',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
