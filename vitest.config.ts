import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // Tests start real processes and signal them: forks keep those apart, and a crash names its file.
    pool: 'forks',
    maxWorkers: Number(process.env.OC_RSYNC_TEST_WORKERS ?? 2),
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
