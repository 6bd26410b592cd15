import { AclTable } from '../metadata/acl-table.ts';
import type { XattrRules } from '../metadata/xattrs.ts';
import { XattrTable } from '../metadata/xattrs.ts';

/** ACLs and extended attributes of the entries of a run: the tables whose places the lists' side columns hold. */
export interface ListExtras {
  readonly accessAcls: AclTable;
  readonly defaultAcls: AclTable;
  readonly xattrs: XattrTable;
  readonly xattrRules: XattrRules;
}

export function newExtras(xattrRules: XattrRules): ListExtras {
  return {
    accessAcls: new AclTable(),
    defaultAcls: new AclTable(),
    xattrs: new XattrTable(),
    xattrRules,
  };
}
