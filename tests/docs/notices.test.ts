/** What is linked into the addon, or installed with the program, is named with its licence. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const read = (name: string) => readFileSync(join(root, name), 'utf8');
const noticed = new Set(
  [...read('THIRD_PARTY_NOTICES.md').matchAll(/^- (\S+) (\S+) \(/gm)].map(
    ([, name, version]) => `${name} ${version}`,
  ),
);

/** The packages of Cargo.lock by `name version`, or by name alone where there is one of it, and what each needs. */
function lockedCrates(): Map<string, string[]> {
  const crates = new Map<string, string[]>();
  for (const block of read('Cargo.lock').split('[[package]]\n').slice(1)) {
    const field = (name: string) => new RegExp(`^${name} = "(.*)"$`, 'm').exec(block)?.[1];
    const needs = /^dependencies = \[\n([^\]]*)\]/m.exec(block)?.[1] ?? '';
    const named = `${field('name')} ${field('version')}`;
    crates.set(
      named,
      [...needs.matchAll(/"([^"]+)"/g)].map(([, need]) => need),
    );
  }
  return crates;
}

test('each package that npm installs with ours is noticed', () => {
  const { packages } = JSON.parse(read('package-lock.json'));
  const installed = Object.entries<{ version: string; dev?: boolean }>(packages)
    .filter(([path, { dev }]) => path !== '' && !dev)
    .map(([path, { version }]) => `${path.split('node_modules/').at(-1)} ${version}`);
  expect(installed.filter((one) => !noticed.has(one))).toEqual([]);
});

test('each crate that is noticed is the locked one, and those that ours name are all there', () => {
  const crates = lockedCrates();
  const others = [...noticed].filter((one) => crates.has(one));
  expect(others.length).toBeGreaterThan(30);
  const byName = new Map([...crates.keys()].map((one) => [one.split(' ')[0], one]));
  const ours = ['oc-addon', 'oc-checksum', 'oc-delta', 'oc-flist', 'oc-fsops', 'oc-wireio'];
  /** Only for tests and benchmarks, while building, or as a macro. */
  const unlinked = /^(criterion|napi-build|napi-derive|cc|oc-.*)$/;
  const named = ours
    .flatMap((one) => crates.get(byName.get(one) ?? '') ?? [])
    .map((need) => need.split(' ')[0])
    .filter((need) => !unlinked.test(need));
  const missing = [...new Set(named)].filter((need) => !noticed.has(byName.get(need) ?? ''));
  expect(missing).toEqual([]);
  const { packages } = JSON.parse(read('package-lock.json'));
  const known = (one: string) => {
    const [name, version] = one.split(' ');
    return crates.has(one) || packages[`node_modules/${name}`]?.version === version;
  };
  expect([...noticed].filter((one) => !known(one))).toEqual([]);
});
