import { expect, test } from 'vitest';
import { Pipeline } from '../../../ts/roles/pipeline.ts';

interface Piece {
  readonly work: Promise<void>;
  done(): void;
  fail(error: unknown): void;
}

function piece(): Piece {
  let done!: () => void;
  let fail!: (error: unknown) => void;
  const work = new Promise<void>((resolve, reject) => {
    done = resolve;
    fail = reject;
  });
  return { work, done, fail };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const never = new Promise<never>(() => {});

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = () => {
    settled = true;
  };
  promise.then(note, note);
  await turn();
  return settled;
}

test('ends come in the order of the beginnings', async () => {
  const pipeline = new Pipeline(3);
  const pieces = [piece(), piece(), piece()];
  const ends: number[] = [];
  pieces.forEach(({ work }, k) => {
    pipeline.begin(work, () => {
      ends.push(k);
    });
  });
  pieces[2].done();
  pieces[1].done();
  await turn();
  expect(ends).toEqual([]);
  expect(pipeline.idle).toBe(false);
  pieces[0].done();
  await pipeline.settled();
  expect(ends).toEqual([0, 1, 2]);
  expect(pipeline.idle).toBe(true);
});

test('there is room for so many pieces and no more', async () => {
  const pipeline = new Pipeline(2);
  const [one, two] = [piece(), piece()];
  pipeline.begin(one.work, () => {});
  await pipeline.room();
  pipeline.begin(two.work, () => {});
  const room = pipeline.room();
  expect(await isSettled(room)).toBe(false);
  one.done();
  expect(await isSettled(room)).toBe(true);
  two.done();
  await pipeline.settled();
});

test('while input is waited for, more begins as soon as nothing is under way', async () => {
  const pipeline = new Pipeline(2);
  const first = piece();
  pipeline.begin(first.work, () => {});
  let began = 0;
  const input = piece();
  const waiting = pipeline.waitFor(input.work, () => {
    if (began++ === 0) pipeline.begin(Promise.resolve(), () => {});
  });
  await turn();
  expect(began).toBe(0);
  first.done();
  await turn();
  expect(began).toBe(2);
  input.done();
  await waiting;
});

test('a failure reaches who waits for input, and the ends behind it still come', async () => {
  const pipeline = new Pipeline(2);
  const [bad, good] = [piece(), piece()];
  let cameAfterFailure: boolean | undefined;
  pipeline.begin(bad.work, () => {});
  pipeline.begin(good.work, () => {
    cameAfterFailure = pipeline.failed;
  });
  const waiting = pipeline.waitFor(never, () => {});
  const failure = new Error('full');
  bad.fail(failure);
  await expect(waiting).rejects.toBe(failure);
  good.done();
  await pipeline.ended();
  expect(cameAfterFailure).toBe(true);
  await expect(pipeline.settled()).rejects.toBe(failure);
  await expect(pipeline.room()).rejects.toBe(failure);
});

test('input that fails is told', async () => {
  const pipeline = new Pipeline(1);
  const gone = new Error('gone');
  await expect(pipeline.waitFor(Promise.reject(gone), () => {})).rejects.toBe(gone);
});
