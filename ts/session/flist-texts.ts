/** The texts that file lists are given. */
import type { FlistTexts } from '../flist/context.ts';
import * as text from '../report/messages.ts';
import * as traces from '../report/trace-messages.ts';

/** One by one: an object of all texts is a getter for each, which every start would have to make. */
export const flistTexts: FlistTexts = {
  aclReadFailed: text.aclReadFailed,
  cannotConvertName: text.cannotConvertName,
  cannotConvertTarget: text.cannotConvertTarget,
  changeDirFailed: text.changeDirFailed,
  copyingUnsafeSymlink: text.copyingUnsafeSymlink,
  exceededMaxAlloc: text.exceededMaxAlloc,
  fullName: text.fullName,
  idMapBadId: text.idMapBadId,
  idMapBadNumber: text.idMapBadNumber,
  idMapNoColon: text.idMapNoColon,
  idMapNoName: text.idMapNoName,
  idMapUnknown: text.idMapUnknown,
  invalidPathFromSender: text.invalidPathFromSender,
  linkStatFailed: text.linkStatFailed,
  opendirFailed: text.opendirFailed,
  parentNotListed: text.parentNotListed,
  readdirFailed: text.readdirFailed,
  readlinkStatFailed: text.readlinkStatFailed,
  refusingLink: text.refusingLink,
  removingDuplicate: text.removingDuplicate,
  skippingDirectory: text.skippingDirectory,
  skippingMountPoint: text.skippingMountPoint,
  symlinkWithoutReferent: text.symlinkWithoutReferent,
  vanished: text.vanished,
  xattrFailed: text.xattrFailed,
  traces: {
    enteringDirectory: traces.enteringDirectory,
    entryIs: traces.entryIs,
    groupsOfProcess: traces.groupsOfProcess,
    inodeIs: traces.inodeIs,
    linksTo: traces.linksTo,
    listIs: traces.listIs,
    listsEnd: traces.listsEnd,
    makingEntry: traces.makingEntry,
    mappedId: traces.mappedId,
    receivedName: traces.receivedName,
    recordsAre: traces.recordsAre,
    tableOfDevice: traces.tableOfDevice,
  },
};
