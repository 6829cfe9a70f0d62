import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Without "development", which Node does not choose either: graphql has a second copy of itself under it.
  ssr: { resolve: { conditions: ['module-sync', 'node', 'default'] } },
  test: {
    include: ['tests/**/*.test.ts'],
    // Two files at a time: every file runs real brokers, gateways and workers, and two cores is the least we support.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
