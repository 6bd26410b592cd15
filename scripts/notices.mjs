#!/usr/bin/env node
/**
 * Writes THIRD_PARTY_NOTICES.md: what is linked into the addon or needed by the program, each with its licence, and
 * their texts. Needs cargo, and its downloads.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { $ } from 'zx';
import { optionsOf } from './options.mjs';

const root = join(import.meta.dirname, '..');
optionsOf(import.meta.filename);

/** Where one may choose, the first of these. */
const preferred = ['MIT', 'Apache-2.0'];

/** Name, version, licence and text of each crate of others that the addon is linked with. */
async function crates() {
  const tree = await $({ cwd: root, quiet: true })`cargo tree --locked -e normal,no-proc-macro --prefix none \
    --target all -p oc-addon --format ${'{p}|{l}'}`;
  const { packages } = JSON.parse(
    (await $({ cwd: root, quiet: true })`cargo metadata --locked --format-version 1`).stdout,
  );
  const found = new Map();
  for (const line of tree.stdout.split('\n')) {
    const [, name, version, licence] = /^(\S+) v(\S+)(?: \(proc-macro\))?\|([^(]*)/.exec(line) ?? [];
    if (name === undefined) continue;
    const { manifest_path } = packages.find((one) => one.name === name && one.version === version);
    found.set(`${name} ${version}`, {
      licence: licence.trim(),
      text: textIn(dirname(manifest_path), licence),
    });
  }
  return found;
}

/** The same of the packages that npm installs with ours. */
function modules() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return new Map(
    Object.entries(packages)
      .filter(([path, { dev }]) => path !== '' && !dev)
      .map(([path, { version, license }]) => [
        `${path.split('node_modules/').at(-1)} ${version}`,
        { licence: license, text: textIn(join(root, path), license) },
      ]),
  );
}

/** The licence text in a package's folder, of the licence that we choose. */
function textIn(folder, licence) {
  const names = readdirSync(folder).filter((name) => /^(licen[cs]e|copying|unlicense)/i.test(name));
  const choice = preferred.find((one) => licence.includes(one)) ?? '';
  const ofChoice = names.find(
    (name) => name.toUpperCase().includes(choice.split('-')[0].toUpperCase()) && choice !== '',
  );
  const name = ofChoice ?? names[0];
  return name !== undefined && existsSync(join(folder, name))
    ? readFileSync(join(folder, name), 'utf8').replaceAll('\r', '').trim()
    : undefined;
}

/** All names of one text stand above it once. */
function byText(packages) {
  const texts = new Map();
  for (const [name, { licence, text = `(no text of its own: ${licence})` }] of packages)
    texts.set(text, [...(texts.get(text) ?? []), `${name} (${licence})`]);
  return [...texts].map(
    ([text, names]) => `${names.map((name) => `- ${name}`).join('\n')}\n\n\`\`\`\n${text}\n\`\`\`\n`,
  );
}

const sections = [
  ['Linked into the addon', await crates()],
  ['Installed beside the program', modules()],
].map(
  ([title, packages]) =>
    `## ${title}\n\n${byText([...packages].filter(([name]) => !name.startsWith('oc-'))).join('\n')}`,
);
writeFileSync(
  join(root, 'THIRD_PARTY_NOTICES.md'),
  `# What others made

Written by \`node scripts/notices.mjs\`. oc-rsync itself is under the GPL-3.0-or-later ([LICENSE](LICENSE)).

${sections.join('\n')}`,
);
