#!/usr/bin/env node
/**
 * Where the program starts. Node keeps the compiled code of what is loaded from here on, where it can, so
 * that the next run does not compile it again.
 */
import module from 'node:module';

(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();
await import('./main.ts');
