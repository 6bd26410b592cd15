/** Where the aliases of this user are. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Alias, readAliases } from '../options/aliases.ts';

const system = '/etc/popt';

/** The aliases of all configurations (popt's poptReadDefaultConfig); what cannot be read has none. */
export function userAliases(home: string | undefined): Alias[] {
  const files = [system, ...more(), ...(home ? [join(home, '.popt')] : [])];
  const text = files.map(read).join('\n');
  return text.trim() === '' ? [] : readAliases(text, 'rsync');
}

// Most have none of these files, and to be told so costs less than to fail, at every start.

function more(): string[] {
  if (!existsSync(`${system}.d`)) return [];
  try {
    return readdirSync(`${system}.d`)
      .sort()
      .map((name) => join(`${system}.d`, name));
  } catch {
    return [];
  }
}

function read(file: string): string {
  if (!existsSync(file)) return '';
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
