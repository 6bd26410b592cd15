import { headLength, type SumHead } from '../../delta/sum-head.ts';
import { protocolError, RsyncError, SysError } from '../../errors.ts';
import type { FileList } from '../../flist/file-list.ts';
import type { ByteString, ReceiveJob, ReceiveRequest, ReceiveResult, Tree } from '../../kernel/kernel.ts';
import { AttrFlag, type Present } from '../../metadata/compare.ts';
import { partialDirName, temporaryName, uniqueSuffix } from '../../metadata/names.ts';
import * as text from '../../report/messages.ts';
import * as traces from '../../report/trace-messages.ts';
import { BasisType } from '../../wire/constants.ts';
import type { ItemHeader } from '../../wire/item.ts';
import { setAttributes } from '../attributes.ts';
import { backupOf, makeBackup } from '../backup.ts';
import type { RoleContext } from '../context.ts';
import { destinationPath } from '../destination.ts';
import { lendMs, wireFailure, worthLending } from '../lending.ts';
import { makePartialDir, removePartialDir } from '../partial-dir.ts';
import { presentAt } from '../present-at.ts';
import { findBasis, takeModeOfBasis } from './basis.ts';
import { isAwaited, type ReceiverInput } from './input.ts';
import { keepPart } from './keep-part.ts';
import { moveFile } from './move-file.ts';
import { askAgain } from './redo.ts';

export interface Arrival {
  readonly list: FileList;
  readonly i: number;
  readonly item: ItemHeader;
  readonly head: SumHead;
  /** A second attempt, after the first did not verify. */
  readonly redo: boolean;
}

type Placed = Omit<Arrival, 'head'>;

/** Where a file's data comes from and goes to. */
interface Plan {
  readonly path: ByteString;
  /** What matched blocks are read from; undefined without a basis. */
  readonly basis: ByteString | undefined;
  readonly basisSize: number;
  readonly basisType: number;
  readonly partial: ByteString | undefined;
  /** What is written: the file itself (in place), a partial file, or a temporary name. */
  readonly target: ByteString;
  readonly inPlace: boolean;
  /** In place into the partial file. */
  readonly intoPartial: boolean;
}

/** One file that is large, compressed or has a basis: its token stream is written as it comes. */
export async function receiveFile(ctx: RoleContext, input: ReceiverInput, arrival: Arrival): Promise<void> {
  const { report, stats } = ctx;
  const { list, i, item } = arrival;
  const { tree } = input.destination;
  report.transferBegins(list.size(i));
  const plan = makePlan(ctx, input, arrival);
  if (plan === undefined) {
    await discard(ctx, input, arrival);
    return;
  }
  const opened = open(ctx, input, arrival, plan);
  if (opened === undefined) {
    await discard(ctx, input, arrival);
    return;
  }
  const { job, hasBasis } = opened;
  ctx.items.beforeTransfer(list, i, item.iflags);
  if (hasBasis && plan.basisSize > 0)
    report.trace('deltasum', () => traces.mappedByReceiver(plan.basis ?? plan.path, plan.basisSize), 2);
  let result: ReceiveResult;
  try {
    await pump(ctx, job, list, i);
    result = job.result();
  } catch (error) {
    await keepInterrupted(ctx, input, arrival, plan, job);
    if (error instanceof RsyncError && text.isNoBasis(error.message))
      throw protocolError(text.noBasisFile(tree, plan.path));
    throw error;
  }
  report.trace('deltasum', () => traces.gotFileSum, 2);
  stats.literal += result.literal;
  stats.matched += result.matched;
  report.transferSum = result.digest;
  if (result.writeErrno !== 0) {
    const { syscall, writeErrno } = result;
    report.print('error-xfer', text.receiveFailed(tree, plan.path, plan.target, syscall, writeErrno));
    await keepInterrupted(ctx, input, arrival, plan, job);
    throw text.fatalFileIo();
  }
  job.close();
  ctx.items.afterTransfer(list, i, item.iflags);
  await place(ctx, input, arrival, plan, result.verified);
}

function makePlan(ctx: RoleContext, input: ReceiverInput, arrival: Placed): Plan | undefined {
  const { options, negotiated, report } = ctx;
  const { tree } = input.destination;
  const { list, i } = arrival;
  const path = destinationPath(input.destination, list, i);
  const partial = options.partialDir === '' ? undefined : partialDirName(path, options.partialDir);
  const found = findBasis(ctx, input.destination, arrival);
  const { path: basis, type: basisType, stats } = found;
  if (stats?.isDir() && basis === path) {
    report.print('error-xfer', text.isADirectory(tree, path));
    return undefined;
  }
  const usable = stats?.isRegular() === true;
  takeModeOfBasis(ctx, tree, arrival, found);
  const intoPartial = negotiated.inplacePartialDir && basisType === BasisType.PartialDir && usable;
  const inPlace = options.inplace || intoPartial;
  const target = intoPartial
    ? (partial as ByteString)
    : options.inplace
      ? path
      : temporaryName(path, options.tempDir, uniqueSuffix(ctx.random));
  if (target === undefined) {
    report.print('error-xfer', text.temporaryNameTooLong());
    return undefined;
  }
  return {
    path,
    basis: usable ? basis : undefined,
    basisSize: usable ? stats.size() : 0,
    basisType,
    partial,
    target,
    inPlace,
    intoPartial,
  };
}

interface Opened {
  readonly job: ReceiveJob;
  readonly hasBasis: boolean;
}

function open(ctx: RoleContext, input: ReceiverInput, arrival: Arrival, plan: Plan): Opened | undefined {
  const { options, negotiated, report } = ctx;
  const { tree } = input.destination;
  const { list, i, head, redo } = arrival;
  const append = options.append !== 'no' && !redo && plan.basis !== undefined;
  const request = {
    path: plan.target,
    inPlace: plan.inPlace,
    basis: plan.basis,
    appendAt: append ? headLength(head) : undefined,
    appendDigest: append && (options.append === 'verify' || negotiated.protocol < 30),
    blockLength: head.blockLength,
    blockCount: head.count,
    remainder: head.remainder,
    digest: negotiated.transferDigest,
    decoder: input.decoder,
    sparse: options.sparse && !(append || redo),
    preallocate: options.preallocate ? list.size(i) : undefined,
    fsync: options.fsync,
  };
  try {
    return openOutput(tree, request);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    const step = plan.inPlace ? 'open' : 'mkstemp';
    report.print('error-xfer', text.receiveFailed(tree, plan.path, plan.target, step, error.errno));
    return undefined;
  }
}

/** Opens the output; a basis that cannot be read is done without, as nothing of it is asked for then. */
function openOutput(tree: Tree, request: ReceiveRequest): Opened {
  try {
    return { job: tree.openReceive(request), hasBasis: request.basis !== undefined };
  } catch (error) {
    const unreadable = error instanceof SysError && error.errno === text.EACCES;
    if (!unreadable || request.basis === undefined) throw error;
    return { job: tree.openReceive({ ...request, basis: undefined }), hasBasis: false };
  }
}

/** Feeds the job from the wire until the file's digest has come. */
async function pump(ctx: RoleContext, job: ReceiveJob, list: FileList, i: number): Promise<void> {
  const size = list.size(i);
  const { reader, report, signal } = ctx;
  const progress = report.startProgress(list, i, size);
  const lends = size >= worthLending && job.drain !== undefined && ctx.paths.wireLent;
  const step = (): void => {
    if (progress === undefined) return;
    const { size: come, matched } = job.result();
    progress(Math.min(come, size), matched);
  };
  // As rsync does, what was there is shown before the data goes in: a file of one piece at its beginning and its end.
  if (lends) progress?.(0);
  for (;;) {
    if (signal.aborted) throw signal.reason;
    if (lends) {
      const did = await reader.lend((fd, frameLeft) => job.drain!(fd, frameLeft, lendMs));
      if (did !== undefined) {
        if (did.errno !== 0) throw wireFailure('read', did.errno);
        if (did.bytesRead === 0 && did.rest.length === 0 && !did.done) await reader.waitForInput();
        step();
        if (did.done) break;
        continue;
      }
    }
    const bulk = await reader.bulk();
    if (size > 0) step();
    const { consumed, done } = await job.push(bulk.raw, bulk.ranges, bulk.count);
    reader.took(consumed);
    if (done) break;
  }
  report.endProgress(list, i, size);
}

/** The file does not come: its content is thrown away. */
async function discard(ctx: RoleContext, input: ReceiverInput, arrival: Arrival): Promise<void> {
  await skip(ctx, input, arrival);
  missed(ctx, input, arrival);
}

function missed(
  { report, negotiated }: RoleContext,
  { link }: ReceiverInput,
  { list, i, item }: Placed,
): void {
  report.missed(list.size(i));
  if (negotiated.incRecurse) link.noSend(item.ndx);
}

/** Reads a file's token stream and throws it away; it counts as data all the same. */
export async function skip(ctx: RoleContext, input: ReceiverInput, arrival: Arrival): Promise<void> {
  const { head, list, i } = arrival;
  const job = input.destination.tree.openReceive({
    blockLength: head.blockLength,
    blockCount: head.count,
    remainder: head.remainder,
    digest: ctx.negotiated.transferDigest,
    decoder: input.decoder,
  });
  try {
    await pump(ctx, job, list, i);
    const { literal, matched } = job.result();
    ctx.stats.literal += literal;
    ctx.stats.matched += matched;
  } finally {
    job.close();
  }
}

function madeInPlace(path: ByteString): Plan {
  return {
    path,
    basis: undefined,
    basisSize: 0,
    basisType: BasisType.Fname,
    partial: undefined,
    target: path,
    inPlace: true,
    intoPartial: false,
  };
}

/** A file that a batch has written whole, under a temporary name: it is placed as one that comes alone. */
export async function placeHeld(
  ctx: RoleContext,
  input: ReceiverInput,
  arrival: Placed,
  temporary: ByteString,
): Promise<void> {
  // In place it is the file itself that lies there, and no basis.
  const plan = ctx.options.inplace ? madeInPlace(temporary) : makePlan(ctx, input, arrival);
  if (plan !== undefined) {
    await place(ctx, input, arrival, { ...plan, target: temporary, intoPartial: false }, true);
    return;
  }
  attempt(() => input.destination.tree.unlink(temporary));
  missed(ctx, input, arrival);
}

/** The file is complete: it gets its attributes and its name, or what --partial asks for. */
async function place(
  ctx: RoleContext,
  input: ReceiverInput,
  arrival: Placed,
  plan: Plan,
  verified: boolean,
): Promise<void> {
  const { options, negotiated } = ctx;
  const { tree } = input.destination;
  const { list, i, item, redo } = arrival;
  let kept: text.Kept = 'discarded';
  let ok = verified;
  const delays = options.delayUpdates && plan.partial !== undefined;
  if ((verified && !delays) || options.inplace) {
    const whole = { path: plan.path, setTimes: verified, overwritesBasis: true };
    ok = (await finish(ctx, input, arrival, plan, whole)) && verified;
    if (ok && plan.basisType === BasisType.PartialDir && plan.partial !== undefined) {
      if (!plan.intoPartial) attempt(() => tree.unlink(plan.partial as ByteString));
      removePartialDir(ctx, tree, plan.partial);
    }
    if (!verified) kept = 'retained';
    else if (!ok) {
      if (negotiated.incRecurse) input.link.noSend(item.ndx);
      return;
    }
  } else if (options.partial && (!plan.intoPartial || delays)) {
    const outcome = await putAside(ctx, input, arrival, plan, verified);
    if (outcome === 'lost') {
      if (negotiated.incRecurse) input.link.noSend(item.ndx);
      return;
    }
    if (verified) {
      input.delayed.push({ list, i, ndx: item.ndx });
      return;
    }
    kept = outcome;
  } else if (plan.intoPartial) kept = 'put into partial-dir';
  else attempt(() => tree.unlink(plan.target));

  if (!ok) {
    askAgain(ctx, input, { list, i, ndx: item.ndx, redo, kept });
    return;
  }
  if (isAwaited(ctx, list, i)) input.link.success(item.ndx);
}

/** A file that did not verify is kept for the next attempt, one that did (--delay-updates) for the end of the run. */
async function putAside(
  ctx: RoleContext,
  input: ReceiverInput,
  arrival: Placed,
  plan: Plan,
  verified: boolean,
): Promise<Exclude<text.Kept, 'discarded'> | 'lost'> {
  const { options, report } = ctx;
  const { tree } = input.destination;
  const beside = options.partialDir === '';
  const path = beside ? plan.path : plan.partial;
  if (path === undefined || !(beside || makePartialDir(tree, path))) {
    report.print('error', text.noPartialDir(plan.path, verified));
    attempt(() => tree.unlink(plan.target));
    return 'lost';
  }
  const done = await finish(ctx, input, arrival, plan, { path, setTimes: verified, overwritesBasis: beside });
  if (!done) return 'lost';
  return beside ? 'retained' : 'put into partial-dir';
}

/** Where a file goes when no more of it comes. */
interface Ending {
  readonly path: ByteString;
  readonly setTimes: boolean;
  readonly overwritesBasis: boolean;
}

/** rsync's finish_transfer: backup, attributes, rename. False when it failed, which was said. */
async function finish(
  ctx: RoleContext,
  input: ReceiverInput,
  arrival: Placed,
  plan: Plan,
  { path, setTimes, overwritesBasis }: Ending,
): Promise<boolean> {
  const { options, report } = ctx;
  const { tree } = input.destination;
  const { list, i, redo } = arrival;
  const flags = setTimes ? AttrFlag.AccurateTime : AttrFlag.SkipTimes;
  if (options.inplace) {
    const xattrsFrom = plan.basis ?? path;
    setAttributes(ctx, { tree, path, list, i }, presentAt(tree, path), {
      flags,
      xattrsFrom,
      who: 'receiver',
    });
    return true;
  }
  if (
    options.backup &&
    !redo &&
    overwritesBasis &&
    (await makeBackup(ctx, tree, path, false, 'receiver')) !== 0
  ) {
    attempt(() => tree.unlink(plan.target));
    throw text.fatalFileIo();
  }
  const there = plan.intoPartial ? presentAt(tree, plan.target) : undefined;
  const xattrsFrom = basisNow(ctx, tree, plan);
  const dress = (target: ByteString, present: Present | undefined) =>
    setAttributes(ctx, { tree, path: target, list, i }, present, { flags, xattrsFrom, who: 'receiver' });
  dress(plan.target, there);
  report.trace('recv', () => text.renaming(plan.target, path));
  if (plan.target === path) return true;
  // What has to be copied is put together in a partial-dir, where there is one of ours.
  const partial = path === plan.path && plan.partial !== plan.target ? plan.partial : undefined;
  const staged = partial?.startsWith('/') === false ? partial : undefined;
  const moved = await moveFile(tree, plan.target, path, list.mode(i), () =>
    staged === undefined ? path : makePartialDir(tree, staged) ? staged : undefined,
  );
  if (moved === undefined) return true;
  if (!('copiedTo' in moved)) {
    report.print(
      'error-xfer',
      text.moveFailed(moved.call, { tree, from: plan.target, to: path }, moved.errno),
    );
    const keeps = partial !== undefined && !(moved.call === 'copy' && staged !== undefined);
    if (!keeps || (await wasLost(tree, plan.target, partial, list.mode(i))))
      attempt(() => tree.unlink(plan.target));
    return false;
  }
  dress(moved.copiedTo, presentAt(tree, moved.copiedTo));
  if (staged === undefined) return true;
  try {
    tree.rename(staged, path);
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
    report.print('error-xfer', text.renameFailed(tree, staged, path, error.errno));
    return false;
  }
  removePartialDir(ctx, tree, staged);
  return true;
}

/** A complete file that cannot take its name is kept in the partial-dir; true where it cannot go there either. */
async function wasLost(tree: Tree, from: ByteString, partial: ByteString, mode: number): Promise<boolean> {
  const moved = await moveFile(tree, from, partial, mode);
  return moved !== undefined && !('copiedTo' in moved);
}

/** The run ends in the middle of a file: --partial and --inplace keep what came, else the temporary file goes. */
async function keepInterrupted(
  ctx: RoleContext,
  input: ReceiverInput,
  arrival: Arrival,
  plan: Plan,
  job: ReceiveJob,
): Promise<void> {
  const { list, i, redo } = arrival;
  if (!ctx.options.partial || plan.inPlace || job.result().literal === 0) {
    job.abort();
    return;
  }
  job.close();
  await keepPart(ctx, input, { list, i, redo, temporary: plan.target });
}

/** Where the basis lies now: a backup may have taken it away. */
function basisNow({ options }: RoleContext, tree: Tree, { basis, path }: Plan): ByteString {
  if (basis !== path || !options.backup || presentAt(tree, path) !== undefined) return basis ?? path;
  return backupOf(options, tree, path)?.path ?? path;
}

function attempt(call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!(error instanceof SysError)) throw error;
  }
}
