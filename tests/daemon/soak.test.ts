/** `npm run soak` for a short while: nothing of many clients is left. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../support/peers.ts';
import { run } from '../support/run.ts';

test.skipIf(!existsSync('/proc/locks'))(
  'clients come, stall, die and are killed',
  { timeout: 180_000 },
  async () => {
    const soak = join(repositoryRoot, 'scripts', 'soak.mjs');
    const { code, stdout, stderr } = await run(
      [process.execPath, soak, '--minutes', '0.34', '--clients', '4'],
      {
        timeout: 150_000,
      },
    );
    expect(stdout, stderr).toMatch(/: nothing is left\n$/);
    expect(code).toBe(0);
  },
);
