#!/usr/bin/env node
/**
 * Where the program starts. Node keeps the compiled code of what is loaded from here on, where it can, so
 * that the next run does not compile it again. V8's last compiler tier waits for runs that are long enough
 * to earn back what it costs: on two cores it takes time from the kernel's threads
 * (docs/decisions/0005-late-turbofan.md).
 */
import module from 'node:module';
import { setFlagsFromString } from 'node:v8';

// Older ones would complain of a flag they do not know.
if (Number.parseInt(process.versions.node, 10) >= 22)
  setFlagsFromString('--invocation-count-for-turbofan=100000');
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();
await import('./main.ts');
