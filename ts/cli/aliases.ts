/** Where the aliases of this user are. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Alias, readAliases } from '../options/aliases.ts';

const system = '/etc/popt';

/** The aliases of all configurations (popt's poptReadDefaultConfig); what cannot be read has none. */
export function userAliases(home: string | undefined): Alias[] {
  const files = [system, ...more(), ...(home ? [join(home, '.popt')] : [])];
  const text = files.map(read).join('\n');
  return text.trim() === '' ? [] : readAliases(text, 'rsync');
}

function more(): string[] {
  try {
    return readdirSync(`${system}.d`)
      .sort()
      .map((name) => join(`${system}.d`, name));
  } catch {
    return [];
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
