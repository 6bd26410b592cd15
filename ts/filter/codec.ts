import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';
import type { FilterChain } from './chain.ts';
import type { FilterOptions } from './create.ts';

/**
 * The client's part of the filter exchange (send_filter_list): sends what the other side needs and adds
 * the rules that only now may be added (-C, partial-dir). Call it on every client right after the
 * handshake; without a `writer` (replaying a batch) nothing is sent.
 */
export function sendFilters(
  _writer: Writer | undefined,
  _options: FilterOptions,
  _filters: FilterChain,
  _protocol: number,
): void {
  throw new Error('not yet');
}

/** The server's part (recv_filter_list): reads the client's rules where they are sent, and adds -C's. */
export async function receiveFilters(
  _reader: Reader,
  _options: FilterOptions,
  _filters: FilterChain,
  _protocol: number,
): Promise<void> {
  throw new Error('not yet');
}
