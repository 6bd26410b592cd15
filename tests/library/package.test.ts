/** The package as its users load it: one instance for both kinds of modules, and declarations that say what is there. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../support/peers.ts';
import { run } from '../support/run.ts';
import { withWorkspace } from '../support/workspace.ts';

const require = createRequire(import.meta.url);

/** A folder where the package is installed. */
function user(dir: string): string {
  mkdirSync(join(dir, 'node_modules'));
  symlinkSync(repositoryRoot, join(dir, 'node_modules', 'oc-rsync'));
  symlinkSync(join(repositoryRoot, 'node_modules', '@types'), join(dir, 'node_modules', '@types'));
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  return dir;
}

const program = `
try {
  await sync('/no/such/file', 'dst');
} catch (error) {
  const names = Object.keys(error).sort().join();
  console.log(error instanceof RsyncError && error.name, RsyncError.name, error.code, names);
}
await sync('package.json', 'dst/', { times: true });
for await (const event of sync('package.json', 'dst/', { times: true, verbose: 2 }))
  if (event.type === 'message' && event.text.includes('uptodate')) console.log(event.text);
`;

const said = `RsyncError RsyncError ERR_RSYNC_PARTIAL code,exitCode,exitName,failures,name,retryable,stats,stderrTail
package.json is uptodate
`;

test('import and require give the same instance, and both work', () =>
  withWorkspace(async (work) => {
    user(work);
    writeFileSync(join(work, 'a.mjs'), `import { sync, RsyncError } from 'oc-rsync';${program}`);
    writeFileSync(
      join(work, 'b.cjs'),
      `const { sync, RsyncError } = require('oc-rsync');(async () => {${program}})();`,
    );
    writeFileSync(
      join(work, 'c.mjs'),
      `import * as imported from 'oc-rsync'; import { createRequire } from 'node:module';
       const required = createRequire(import.meta.url)('oc-rsync');
       console.log(Object.keys(required).every((name) => required[name] === imported[name]));`,
    );
    for (const file of ['a.mjs', 'b.cjs']) {
      const { stdout, stderr } = await run([process.execPath, file], { cwd: work });
      expect(stderr + stdout).toBe(said);
    }
    expect((await run([process.execPath, 'c.mjs'], { cwd: work })).stdout).toBe('true\n');
  }));

test('all that is exported has a name in the declarations, and they need nothing else', () => {
  const library = require(join(repositoryRoot, 'dist', 'index.cjs')) as object;
  for (const kind of ['mts', 'cts']) {
    const text = readFileSync(join(repositoryRoot, 'dist', `index.d.${kind}`), 'utf8');
    const values = [...text.matchAll(/^export declare (?:function|class) (\w+)/gm)].map(([, name]) => name!);
    expect([...new Set(values)].sort()).toEqual(Object.keys(library).sort());
    expect(text).not.toMatch(/\bfrom '|\bimport\(/);
    // Every public thing is documented.
    const lines = text.split('\n');
    for (const [i, line] of lines.entries())
      if (line.startsWith('export declare') || line.startsWith('export interface'))
        expect(lines[i - 1], line).toMatch(/\*\/$/);
  }
});

test('declarations fit programs of both kinds', () =>
  withWorkspace(async (work) => {
    user(work);
    const good = `
const going = sync(['a', new Uint8Array()], 'b', { archive: true, verbose: 2, exclude: ['x', 'y'], bwlimit: false });
going.then(({ exitCode, vanished, stats }) => [exitCode satisfies 0 | 24, vanished[0]?.path, stats.totalSize]);
export async function all(): Promise<string[]> {
  const lines: string[] = [];
  try {
    for await (const event of going) if (event.type === 'item') lines.push(event.change + event.path);
  } catch (error) {
    if (error instanceof RsyncError) lines.push(error.code, ...error.failures.map(({ path }) => path));
  }
  return lines;
}
export const settled = sync('a', 'b', { reject: false }).then(({ exitCode, vanished, stats, error }) => {
  if (error === undefined) return [exitCode satisfies 0 | 24, stats.totalSize, vanished.length];
  // @ts-expect-error: a run may have failed before anything was counted
  stats.totalSize;
  return [exitCode, vanished.length, error?.code];
});
plan('a', 'b', { reject: false }).then(({ changes, failures }) => [changes.length, failures.length]);
sync('a', 'h:b', { connect: (request) => (request.kind === 'daemon' ? net(request.port) : exec(request.command)) });
sync('a', 'h::b', { connect: async ({ host }) => connect({ host }), prompt: async () => 'secret' });
sync('a', 'b', { filter: ({ path, pathBytes, kind, size, mtimeMs, mode }) => kind === 'file' && size + mtimeMs + mode > 0 && path !== '' && pathBytes === undefined });
sync('a', 'b', { filter: ['- *.o', '+ *'] });
// What is undefined is not given.
export const handedOn = (signal?: AbortSignal, exclude?: string[], onEvent?: (event: SyncEvent) => Promise<void>) =>
  plan('a', 'b', { archive: true, signal, exclude, onEvent }).then(({ apply }) => apply({ signal }));
export const served = (signal?: AbortSignal, comment?: string, port?: number) =>
  serve({ modules: { m: { path: '/', comment, readOnly: undefined } }, parameters: { useChroot: undefined }, signal, port });
const keep: EntryFilter = (entry: ListEntry) => entry.path !== 'x';
sync('a', 'b', { filter: keep });
// @ts-expect-error: the answer is due at once
sync('a', 'b', { filter: async () => true });
const net = (port: number): Socket => new Socket();
const exec = (words: readonly string[]): Duplex => new PassThrough();
// @ts-expect-error: one direction is no wire
sync('a', 'h:b', { connect: () => new Readable() });
// @ts-expect-error: no such option
sync('a', 'b', { archiv: true });
// @ts-expect-error: a switch has no text
sync('a', 'b', { archive: 'x' });
`;
    const imports = `import { type EntryFilter, type ListEntry, plan, RsyncError, serve, sync, type SyncEvent } from 'oc-rsync';
import { Socket } from 'node:net';
import { type Duplex, PassThrough, Readable } from 'node:stream';
import { connect } from 'node:tls';`;
    writeFileSync(join(work, 'esm.mts'), `${imports}${good}`);
    writeFileSync(join(work, 'cjs.cts'), `${imports}${good}`);
    const strict = { strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
    const options = { ...strict, noEmit: true, module: 'nodenext', target: 'es2022', types: ['node'] };
    const config = { compilerOptions: { ...options, skipLibCheck: false }, include: ['*.mts', '*.cts'] };
    writeFileSync(join(work, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(repositoryRoot, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', work], { encoding: 'utf8' });
    expect(stdout).toBe('');
  }));

test('what Node reads for its exports, when it is imported, is short', () => {
  for (const file of ['index.mjs', 'index.cjs'])
    expect(readFileSync(join(repositoryRoot, 'dist', file)).length).toBeLessThan(2000);
});
