import { ExitCode, RsyncError, SysError } from '../errors.ts';
import { mungedDirectory } from '../flist/munge.ts';
import { withFakeSuper } from '../kernel/fake-super.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import * as text from '../report/messages.ts';
import type { End } from './end.ts';

/** The kernel as options want it; `end` tells what it comes across. What it cannot do is refused, as by an rsync that was built without it. */
export function suitableKernel(kernel: Kernel, options: Options, end: () => End | undefined): Kernel {
  const fake = options.superUser === 'fake';
  if (options.mungeLinks) refuseMunged(kernel);
  if (!kernel.can.xattrs) refuse(options);
  if (!fake) return kernel;
  return withFakeSuper(kernel, (tree, path, errno) => {
    const told = end();
    if (told === undefined) return;
    // rsync's generator is who looks at what is there.
    const who = told.who === 'Receiver' ? 'generator' : told.who;
    told.report.print('error-xfer', text.noteUnreadable(tree, path, errno, who));
  });
}

/** Munged links must lead nowhere. */
function refuseMunged(kernel: Kernel): void {
  try {
    kernel.openTree(mungedDirectory).close();
  } catch (error) {
    if (error instanceof SysError && error.errno !== text.EACCES) return;
    if (!(error instanceof SysError)) throw error;
  }
  throw new RsyncError(ExitCode.Unsupported, text.mungingUnsafe(mungedDirectory));
}

function refuse({ acls, xattrs, superUser, server }: Options): void {
  const side = server ? 'server' : 'client';
  if (acls) throw refusal(`ACLs are not supported on this ${side}`);
  if (xattrs > 0) throw refusal(`extended attributes are not supported on this ${side}`);
  if (superUser === 'fake') throw refusal('--fake-super requires an rsync with extended attributes enabled');
}

function refusal(message: string): RsyncError {
  return new RsyncError(ExitCode.Syntax, `rsync: ${message}`);
}
