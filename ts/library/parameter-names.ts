/** What rsyncd.conf's parameters are called in a library, from their definitions. */
import { globalParameters, type Kind, moduleParameters } from '../daemon/config/parameters.ts';

/** A parameter under its name in a library. */
export interface LibraryParameter {
  /** As in a configuration. */
  readonly name: string;
  readonly kind: Kind;
}

/** What a server is told otherwise, and what is a process's of its own. */
const notOfServers: ReadonlySet<string> = new Set(['address', 'port', 'pid file']);
/** A module is called what its key says. */
const notOfModules: ReadonlySet<string> = new Set(['name']);

/** Those of a module, by their names. */
export function modulesParameters(): ReadonlyMap<string, LibraryParameter> {
  return named(moduleParameters, notOfModules);
}

/** Those that a server has beside, by their names. */
export function serversParameters(): ReadonlyMap<string, LibraryParameter> {
  return named(globalParameters, notOfServers);
}

function named(
  table: Readonly<Record<string, Kind>>,
  without: ReadonlySet<string>,
): ReadonlyMap<string, LibraryParameter> {
  const all = Object.entries(table).filter(([name]) => !without.has(name));
  return new Map(all.map(([name, kind]) => [camelCase(name), { name, kind }]));
}

function camelCase(name: string): string {
  return name.replace(/[ -](.)/g, (_, char: string) => char.toUpperCase());
}
