import { closeSync } from 'node:fs';
import { readSome } from '../filter/read-rule-file.ts';
import { type Host, linkOwner, pathAt } from '../host.ts';
import type { ByteString } from '../kernel/kernel.ts';
import { openTrusted } from '../kernel/trusted-path.ts';
import type { DaemonOptions } from './arguments.ts';
import { type Config, readConfig } from './config/config.ts';

const systemConfig = '/etc/rsyncd.conf';
/** Of whom a remote shell has let in: beside where he is. */
const userConfig = 'rsyncd.conf';
/** What a configuration is called that is in no file. */
const nowhere = 'modules';
const pieceBytes = 64 * 1024;
const mostBytes = 64 * 1024 * 1024;

/** Where the configuration is. */
export function configFile({ config, server }: DaemonOptions, { user }: Host): ByteString {
  if (config !== '') return config;
  return server && user.euid !== 0 ? userConfig : systemConfig;
}

/** The configuration as it is now, and what is wrong with it; without one nothing can be served. */
export function loadConfig(
  options: DaemonOptions,
  host: Host,
  globalsOnly: boolean,
): { readonly config: Config | undefined; readonly complaints: readonly ByteString[] } {
  const complaints: ByteString[] = [];
  const { configText } = options;
  const file = configText === undefined ? configFile(options, host) : nowhere;
  const config = readConfig(file, {
    read: (path) => (path === file && configText !== undefined ? configText : readAll(path, host)),
    variables: host.variables(),
    overrides: options.overrides,
    globalsOnly,
    complain: (line) => complaints.push(line),
  });
  return { config, complaints };
}

function readAll(path: ByteString, host: Host): ByteString {
  const fd = openTrusted(pathAt({ cwd: host.workingDirectory() }, path), linkOwner(host, false));
  try {
    return readOpen(fd);
  } finally {
    closeSync(fd);
  }
}

/** The configuration of a daemon that was told to read it from a descriptor, to its end. */
export function withConfigText(options: DaemonOptions): DaemonOptions {
  const { configFrom } = options;
  return configFrom === undefined ? options : { ...options, configText: readOpen(configFrom) };
}

function readOpen(fd: number): ByteString {
  const piece = Buffer.alloc(pieceBytes);
  let text = '';
  for (let n = readSome(fd, piece); n > 0 && text.length < mostBytes; n = readSome(fd, piece))
    text += piece.toString('latin1', 0, n);
  return text;
}
