#!/usr/bin/env node
/**
 * Where the program starts. Node keeps the compiled code of what is loaded from here on, where it can, so
 * that the next run does not compile it again. V8's last compiler tier waits for runs that are long enough
 * to earn back what it costs: on two cores it takes time from the kernel's threads
 * (docs/decisions/0005-late-turbofan.md).
 */
import { lstatSync, mkdirSync } from 'node:fs';
import module from 'node:module';
import { setFlagsFromString } from 'node:v8';

/**
 * A folder for compiled code that nobody else can write to, for what lies there is run: never one in a
 * shared place such as /tmp, which is where Node would put it. Undefined where there is none.
 */
function ownCache(): string | undefined {
  const { XDG_CACHE_HOME: cache, HOME: home } = process.env;
  const base = cache?.startsWith('/') ? cache : home?.startsWith('/') ? `${home}/.cache` : undefined;
  if (base === undefined || process.geteuid === undefined) return undefined;
  const folder = `${base}/oc-rsync`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stat = lstatSync(folder);
    const mine = stat.isDirectory() && stat.uid === process.geteuid() && (stat.mode & 0o022) === 0;
    return mine ? folder : undefined;
  } catch {
    return undefined;
  }
}

// Older ones would complain of a flag they do not know.
if (Number.parseInt(process.versions.node, 10) >= 22)
  setFlagsFromString('--invocation-count-for-turbofan=100000');
const { enableCompileCache } = module as { enableCompileCache?: (folder: string) => unknown };
const folder = enableCompileCache && ownCache();
if (folder !== undefined) enableCompileCache?.(folder);
await import('./main.ts');
