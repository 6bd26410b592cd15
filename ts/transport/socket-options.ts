/** --sockopts: options of a daemon connection's socket, by their C names. */

/** Those that take a value, and those that are one. */
const valued = new Set([
  'SO_KEEPALIVE',
  'SO_REUSEADDR',
  'SO_BROADCAST',
  'TCP_NODELAY',
  'SO_SNDBUF',
  'SO_RCVBUF',
  'SO_SNDLOWAT',
  'SO_RCVLOWAT',
  'SO_SNDTIMEO',
  'SO_RCVTIMEO',
]);
const classesOfService: Readonly<Record<string, number>> = { IPTOS_LOWDELAY: 0x10, IPTOS_THROUGHPUT: 0x08 };

/** How options get set, and who hears of what is wrong. */
export interface SocketOptions {
  /** `NAME` or `NAME=NUMBER`, with commas or blanks between. */
  readonly text: string;
  /** Answers the errno of what failed, 0 for none. */
  set(fd: number, option: string, value: number): number;
  complain(line: string): void;
  /** The kernel refused one. */
  failed(name: string, errno: number): void;
}

/** Sets all that can be; rsync too goes on where one cannot. */
export function setSocketOptions(fd: number, { text, set, complain, failed }: SocketOptions): void {
  for (const word of text.split(/[ \t,]+/)) {
    if (word === '') continue;
    const equals = word.indexOf('=');
    const name = equals < 0 ? word : word.slice(0, equals);
    const service = classesOfService[name];
    if (!valued.has(name) && service === undefined) {
      complain(`Unknown socket option ${name}`);
      continue;
    }
    if (service !== undefined && equals >= 0) complain(`syntax error -- ${name} does not take a value`);
    const given = equals < 0 ? 1 : Number.parseInt(word.slice(equals + 1), 10) | 0;
    const errno = set(fd, service === undefined ? name : 'IP_TOS', service ?? given);
    if (errno !== 0) failed(name, errno);
  }
}
