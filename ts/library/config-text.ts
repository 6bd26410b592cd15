/** Modules that are given as objects, as the text of a configuration: what a parameter means is said there once. */
import { resolve } from 'node:path';
import type { Kind } from '../daemon/config/parameters.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { isText, wrong } from './arguments.ts';
import { bytesOf } from './names.ts';
import { type LibraryParameter, modulesParameters, serversParameters } from './parameter-names.ts';
import type { ServedModules } from './serve-options.ts';

/** Throws rsync's exit 1 for what no configuration can say. */
export function configText({ modules, parameters = {} }: ServedModules): ByteString {
  if (!isObject(modules) || !isObject(parameters)) throw wrong('modules and parameters are objects');
  const ofModules = modulesParameters();
  const globals = new Map([...serversParameters(), ...ofModules]);
  const names = Object.keys(modules);
  const folded = new Set(names.map((name) => name.replace(/\s+/g, '').toLowerCase()));
  if (folded.size < names.length) throw wrong('two modules have the same name');
  if (folded.has('global')) throw wrong('no module is called global');
  const sections = Object.entries(modules).map(([name, module]) => {
    const title = bytesOf(name);
    if (!isOneLine(title) || title === '' || /[\]/\\]|\s\s/.test(title))
      throw wrong(`${JSON.stringify(name)} is no name of a module`);
    if (!isObject(module)) throw wrong(`module ${name} is no object`);
    if (module.path === undefined) throw wrong(`module ${name} has no path`);
    const placed = { ...module, path: fromHere(module.path) };
    return `[${title}]\n${lines(placed, ofModules, ` of module ${name}`)}`;
  });
  return lines(parameters, globals, '') + sections.join('');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** A folder that is relative is so to the caller's directory; one that begins with a variable is what that makes of it. */
function fromHere(path: string | Uint8Array): string | Uint8Array {
  if (!isText(path) || /^(?:[/%]|$)/.test(bytesOf(path))) return path;
  return Buffer.from(`${bytesOf(resolve('.'))}/${bytesOf(path)}`, 'latin1');
}

function lines(values: object, known: ReadonlyMap<string, LibraryParameter>, where: string): ByteString {
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([given, value]: [string, unknown]) => {
      const parameter = known.get(given);
      if (parameter === undefined) throw wrong(`there is no parameter ${given}${where}`);
      const text = written(value, parameter.kind);
      if (text === undefined || !isOneLine(text))
        throw wrong(
          `${given}${where} cannot be ${typeof value === 'string' ? JSON.stringify(value) : String(value)}`,
        );
      return `${parameter.name} = ${text}\n`;
    })
    .join('');
}

/** A value as it is written; undefined for what is none of its kind. */
function written(value: unknown, kind: Kind): ByteString | undefined {
  switch (kind.kind) {
    case 'bool':
    case 'bool3':
      return typeof value === 'boolean' ? (value ? 'yes' : 'no') : undefined;
    case 'integer':
      return Number.isInteger(value) ? String(value) : undefined;
    case 'choice':
      return typeof value === 'string' && Object.hasOwn(kind.choices, value) ? value : undefined;
    default:
      return isText(value) ? bytesOf(value) : undefined;
  }
}

/** What a line of a configuration gives back as it is. */
function isOneLine(text: ByteString): boolean {
  return !/[\n\r\0]|^\s|\s$|\\$/.test(text);
}
