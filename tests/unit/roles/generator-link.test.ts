import { expect, test } from 'vitest';
import { GeneratorLink } from '../../../ts/roles/generator-link.ts';

const settled = async (promise: Promise<void>): Promise<boolean> =>
  Promise.race([
    promise.then(() => true),
    new Promise<boolean>((resolve) => {
      setImmediate(() => resolve(false));
    }),
  ]);

test('a change wakes who waits', async () => {
  const link = new GeneratorLink();
  const waiting = link.changed();
  expect(await settled(waiting)).toBe(false);
  link.success(3);
  expect(await settled(waiting)).toBe(true);
  expect(await settled(link.changed())).toBe(false);
});

test('a change while nobody waits is not lost, and told once', async () => {
  const link = new GeneratorLink();
  link.success(3);
  link.noSend(4);
  expect(await settled(link.changed())).toBe(true);
  expect(await settled(link.changed())).toBe(false);
});

test('the end of the run ends every wait', async () => {
  const link = new GeneratorLink();
  const waiting = link.changed();
  link.fail(new Error('over'));
  await expect(waiting).rejects.toThrow('over');
  await expect(link.changed()).rejects.toThrow('over');
});
