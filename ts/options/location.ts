/**
 * Where an argument of the command line points: a local path, a remote shell, or a daemon.
 * rsync: check_for_hostspec(), parse_hostspec().
 */
import type { ByteString } from '../kernel/kernel.ts';

export type Location =
  | { readonly kind: 'local'; readonly path: ByteString }
  /** `[USER@]HOST:PATH`; '' as path is the login directory, '' as host repeats the first argument's. */
  | {
      readonly kind: 'shell';
      readonly user: ByteString | undefined;
      readonly host: ByteString;
      readonly path: ByteString;
    }
  /**
   * `[USER@]HOST::MODULE/PATH` or `rsync://[USER@]HOST[:PORT]/MODULE/PATH`. `path` is all that follows
   * the host, module included; '' lists the modules. `module` is its first component. `port` is
   * undefined where none is named. With -e it is reached through the remote shell.
   */
  | {
      readonly kind: 'daemon' | 'daemon-over-shell';
      readonly user: ByteString | undefined;
      readonly host: ByteString;
      readonly port: number | undefined;
      readonly module: ByteString;
      readonly path: ByteString;
    };

interface HostSpec {
  readonly user: ByteString | undefined;
  readonly host: ByteString;
  /** Digits after the host's colon, in a URL; 0 for none. */
  readonly port: number;
  readonly rest: ByteString;
}

const urlPrefix = 'rsync://';

/**
 * `arg` as rsync reads it. A colon after a slash belongs to a local path (`./a:b`). With
 * `overShell` (an -e option was given) a daemon's location says `daemon-over-shell`.
 */
export function parseLocation(arg: ByteString, overShell = false): Location {
  const kind = overShell ? 'daemon-over-shell' : 'daemon';
  if (arg.slice(0, urlPrefix.length).toLowerCase() === urlPrefix) {
    const spec = parseHostSpec(arg.slice(urlPrefix.length), true);
    if (spec !== undefined) {
      return daemonLocation(kind, spec, spec.rest, spec.port === 0 ? undefined : spec.port);
    }
  }
  const spec = parseHostSpec(arg, false);
  if (spec === undefined) return { kind: 'local', path: arg };
  if (spec.rest.startsWith(':')) return daemonLocation(kind, spec, spec.rest.slice(1), undefined);
  return { kind: 'shell', user: spec.user, host: spec.host, path: spec.rest };
}

function daemonLocation(
  kind: 'daemon' | 'daemon-over-shell',
  spec: HostSpec,
  path: ByteString,
  port: number | undefined,
): Location {
  const slash = path.indexOf('/');
  const module = slash < 0 ? path : path.slice(0, slash);
  return { kind, user: spec.user, host: spec.host, port, module, path };
}

/** `[USER@]HOST` and what follows it, or undefined where `text` names no host. */
function parseHostSpec(text: ByteString, isUrl: boolean): HostSpec | undefined {
  let hostStart = 0;
  let hostEnd = -1;
  let userEnd = -1;
  let at = 0;
  for (; ; at++) {
    const c = text[at];
    if (c === undefined) {
      if (!isUrl) return undefined;
      break;
    }
    if (c === ':' || c === '/') break;
    if (c === '@') {
      userEnd = at;
      hostStart = at + 1;
    } else if (c === '[') {
      if (at !== hostStart) return undefined;
      const close = text.slice(at).search(/[\]/]/);
      if (close <= 1 || text[at + close] !== ']') return undefined;
      hostStart = at + 1;
      at += close;
      hostEnd = at;
      const next = text[at + 1];
      if (next !== undefined && next !== '/' && next !== ':') return undefined;
    }
  }
  if (hostEnd < 0) hostEnd = at;
  const spec = {
    user: userEnd < 0 ? undefined : text.slice(0, userEnd),
    host: text.slice(hostStart, hostEnd),
  };
  if (at >= text.length) return { ...spec, port: 0, rest: '' };
  if (text[at] === '/') return isUrl ? { ...spec, port: 0, rest: text.slice(at + 1) } : undefined;
  const rest = text.slice(at + 1);
  if (!isUrl) return { ...spec, port: 0, rest };
  const digits = /^\d*/.exec(rest)![0];
  const after = rest.slice(digits.length);
  if (after !== '' && !after.startsWith('/')) return undefined;
  return { ...spec, port: Number(digits), rest: after.slice(1) };
}
