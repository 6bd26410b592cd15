import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    benchmark: { include: ['tests/bench/**/*.bench.ts'] },
    // Tests start real processes and signal them: forks keep those apart, and a crash names its file.
    pool: 'forks',
    maxWorkers: Number(process.env.OC_RSYNC_TEST_WORKERS ?? 2),
    // What runs beside real processes on a busy machine may meet a moment that no defect explains; a defect
    // is there at every attempt.
    retry: process.env.CI ? 2 : 0,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
