/** What a script was told. The comment that it begins with is its usage. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { minimist } from 'zx';

/**
 * The options of `script` (a path), as minimist gives them. `known` names those there are: `boolean`, `string` and `number`
 * are lists of names, `default` their values, `words: true` says that words go with them.
 * `--help` prints the script's head comment and ends it with 0; what is not known ends it with a message and 1.
 */
export function optionsOf(script, known = {}) {
  const { boolean = [], string = [], number = [], words = false } = known;
  const refuse = (text) => {
    process.stderr.write(`${basename(script, '.mjs')}: ${text} (--help tells what there is)\n`);
    process.exit(1);
  };
  const given = minimist(process.argv.slice(2), {
    boolean: [...boolean, 'help'],
    string: [...string, ...number],
    default: known.default,
    unknown(word) {
      if (word.startsWith('-')) refuse(`there is no ${word}`);
      if (!words) refuse(`it takes no word like ${word}`);
      return true;
    },
  });
  if (given.help) {
    process.stdout.write(usageOf(script));
    process.exit(0);
  }
  for (const name of [...string, ...number]) if (given[name] === '') refuse(`--${name} needs a value`);
  for (const name of number) {
    if (given[name] === undefined) continue;
    const value = Number(given[name]);
    if (Number.isNaN(value)) refuse(`--${name} takes a number, not ${given[name]}`);
    given[name] = value;
  }
  return given;
}

function usageOf(script) {
  const [, comment] = /\/\*\*(.*?)\*\//s.exec(readFileSync(script, 'utf8'));
  return `${comment.replace(/^ \* ?/gm, '').trim()}\n`;
}
