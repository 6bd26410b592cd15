/**
 * The library's declarations in one file. What is public imports nothing but what is public too, so that putting the
 * compiler's files behind one another is enough.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const fromFile = /^(?:import|export)\b[^;]*?\bfrom '(\.[^']+)';\n/gms;
const exported = /^export (?:type )?\{([^}]*)\} from/gm;
const declaration = /^export (?:declare )?(?:abstract )?(?:class|function|interface|type|const) (\w+)/gm;

/** Writes the declarations of `entry` (below `ts/`, without ending) into the files `outputs`. */
export function writeDeclarations(root, entry, outputs) {
  const emitted = join(root, 'build', 'declarations');
  rmSync(emitted, { recursive: true, force: true });
  // Inner files may have types that cannot be named outside; what they are is for the type check to say.
  spawnSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.library.json'],
    {
      cwd: root,
      stdio: 'ignore',
    },
  );
  const text = bundle(join(emitted, 'ts', `${entry}.d.ts`));
  for (const output of outputs) writeFileSync(join(root, output), text);
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
