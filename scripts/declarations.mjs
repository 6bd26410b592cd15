/**
 * The library's declarations in one file. What is public imports nothing but what is public too, so that putting the
 * compiler's files behind one another is enough.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const fromFile = /^(?:import|export)\b[^;]*?\bfrom '(\.[^']+)';\n/gms;
const exported = /^export (?:type )?\{([^}]*)\} from/gm;
const declaration = /^export (?:declare )?(?:abstract )?(?:class|function|interface|type|const) (\w+)/gm;

/** The declarations of `entry` (below `ts/`, without ending). */
export function declarationsOf(root, entry) {
  const emitted = join(root, 'build', 'declarations', entry.replace('/', '-'));
  rmSync(emitted, { recursive: true, force: true });
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  // Inner files may have types that cannot be named outside; what they are is for the type check to say.
  spawnSync(process.execPath, [tsc, '-p', 'tsconfig.library.json', '--outDir', emitted], {
    cwd: root,
    stdio: 'ignore',
  });
  return bundle(join(emitted, 'ts', `${entry}.d.ts`));
}

/** The same of a module that is its default export: types beside it are members of its namespace. */
export function asExportEquals(text) {
  const name = /^export default class (\w+)/m.exec(text)[1];
  const parts = text.split(/^(?=\/\*\*|export default)/m);
  const isType = (part) => /^export (?:type|interface) /m.test(part);
  const types = parts
    .filter(isType)
    .join('')
    .replace(/^export /gm, '');
  const rest = parts
    .filter((part) => !isType(part))
    .join('')
    .replace('export default class', 'declare class')
    .replace('export {};\n', '');
  return `${types}${rest}export = ${name};\n`;
}

function bundle(entry) {
  const index = readFileSync(entry, 'utf8');
  const names = [...index.matchAll(exported)].flatMap(([, list]) => list.split(','));
  const isPublic = new Set(names.map((name) => name.trim().replace(/^type /, '')));
  const seen = new Set();
  const parts = [];
  const visit = (file) => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, 'utf8');
    for (const [, from] of text.matchAll(fromFile))
      visit(resolve(dirname(file), from.replace(/\.ts$/, '.d.ts')));
    const own = text.replace(fromFile, '');
    parts.push(
      own.replace(declaration, (line, name) => (isPublic.has(name) ? line : line.replace('export ', ''))),
    );
  };
  visit(entry);
  return `${parts.join('\n').trim()}\nexport {};\n`;
}
