/** What a session, or a part of one, is given of the world around it: this process, unless a test says otherwise. */
import { processHost } from '../../ts/cli/host.ts';
import type { FilterContext } from '../../ts/filter/index.ts';
import { type Host, type Site, variablesOf } from '../../ts/host.ts';
import type { SessionIo } from '../../ts/session/index.ts';

/** A host that says nothing, to which nothing of the locale matters. */
export function testHost(given: Partial<Host> = {}): Host {
  const { env } = given;
  const variables = env && { variables: () => variablesOf(env) };
  return {
    ...processHost({ stdout() {}, stderr() {}, endBy() {}, flagsBy() {} }),
    charset: 'ascii',
    ...variables,
    ...given,
  };
}

export function testSite(given: Partial<Site> = {}): Site {
  return { cwd: process.cwd(), moduleDir: '', module: undefined, ...given };
}

export function testIo(host: Partial<Host> = {}, given: Partial<SessionIo> = {}): SessionIo {
  return {
    host: testHost(host),
    signal: new AbortController().signal,
    events: undefined,
    log: undefined,
    ...given,
  };
}

/** The surroundings of a sender's filters, whose complaints nobody hears. */
export function filterContext(given: Partial<FilterContext> = {}): FilterContext {
  return {
    side: 'sender',
    server: false,
    site: testSite(),
    host: testHost(),
    warn() {},
    refused() {},
    failed() {},
    trace: undefined,
    readFile: undefined,
    ...given,
  };
}
