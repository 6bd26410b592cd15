/** Programs in a pseudo-terminal, and what is seen there. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repositoryRoot } from './peers.ts';
import { run } from './run.ts';
import { ScreenBuffer } from './screen.ts';

const program = join(repositoryRoot, 'tests', 'support', 'in-terminal.py');

/** python3 with its module for pseudo-terminals is there. */
export const havePty = spawnSync('python3', ['-c', 'import pty, fcntl, termios']).status === 0;

/** What is seen after each piece that was written. */
export interface Frame {
  readonly at: number;
  readonly lines: readonly string[];
}

/** Columns and rows, and what happens so many milliseconds after something was written: another size, or a signal. */
export interface Session {
  readonly size: string;
  readonly later?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

/** Runs a command in a terminal of its own. */
export async function inTerminal(command: readonly string[], { size, later = [], env, cwd }: Session) {
  const { stdout, stderr } = await run(['python3', program, size, ...later, '--', ...command], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { TERM: 'xterm', LC_ALL: 'C.UTF-8', NO_COLOR: undefined, ...env },
    timeout: 50_000,
  });
  const [columns, rows] = size.split('x').map(Number) as [number, number];
  const screen = new ScreenBuffer(columns, rows);
  const decoder = new TextDecoder();
  const frames: Frame[] = [];
  let code: number | undefined;
  let raw = '';
  for (const line of stdout.split('\n').filter((one) => one !== '')) {
    const told = JSON.parse(line);
    if (told.size !== undefined) screen.resize(told.size[0], told.size[1]);
    if (told.code !== undefined) code = told.code;
    if (told.data === undefined) continue;
    const text = decoder.decode(Buffer.from(told.data, 'base64'), { stream: true });
    raw += text;
    screen.write(text);
    frames.push({ at: told.at, lines: screen.lines });
  }
  return { frames, screen, raw, code, stderr };
}
