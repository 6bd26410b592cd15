/** The file lists of a conversation: told of as they come, and kept, because indexes later mean their entries. */
import { FlistDecoder } from '../flist/decoder.ts';
import { newExtras } from '../flist/extras.ts';
import { ExtrasReader } from '../flist/extras-codec.ts';
import type { FileList } from '../flist/file-list.ts';
import { FileLists } from '../flist/file-lists.ts';
import { receiveIdLists } from '../flist/id-lists.ts';
import { IdMap } from '../flist/id-map.ts';
import { sortList } from '../flist/sort.ts';
import { type FlistFormat, flistFormat } from '../flist/wire-format.ts';
import type { ByteString } from '../kernel/kernel.ts';
import type { Options } from '../options/options.ts';
import { permissionString } from '../report/mode.ts';
import { timeString } from '../report/time-string.ts';
import type { Negotiated } from '../wire/negotiated.ts';
import type { Stream } from './stream.ts';
import { entryFlagNames, hex } from './words.ts';

/** Nanoseconds have so many digits. */
const nsecDigits = 9;

export class HeardLists {
  readonly lists: FileLists;
  private readonly format: FlistFormat;
  private readonly options: Options;
  private readonly decoder: FlistDecoder;
  private readonly stream: Stream;
  private readonly ids: IdMap;
  /** Names of ids that the record at hand brings. */
  private named: ByteString[] = [];
  private links: number | undefined;

  /** `stream` is the sender's. */
  constructor(stream: Stream, negotiated: Negotiated, options: Options) {
    this.stream = stream;
    this.options = options;
    // Where names lead to is no concern of who only looks at them.
    this.format = { ...flistFormat(negotiated, options), relative: true };
    this.lists = new FileLists(negotiated.incRecurse, { received: true });
    // Of what comes nothing is changed: no name is looked up here, and whoever we are, all ids may be set.
    this.ids = new IdMap({
      ignoreNames: true,
      amRoot: true,
      memberOf: () => [],
      mapped: (what, id, name) => {
        if (name !== '') this.named.push(`${what === 'uid' ? 'user' : 'group'} ${id} is ${name}`);
      },
    });
    const { reader } = stream;
    const extras = newExtras({
      sender: false,
      level: 2,
      user: 'root',
      excludes: undefined,
      sum: (value) => value,
    });
    this.decoder = new FlistDecoder({
      reader,
      format: this.format,
      ids: this.ids,
      amRoot: true,
      allowMissing: true,
      extras:
        this.format.acls || this.format.xattrs
          ? new ExtrasReader(reader, this.format, this.ids, extras)
          : undefined,
      onLink: (_ndx, first) => {
        this.links = first;
      },
    });
  }

  /** Takes the list of directory `dir`, or (-1) the first one. */
  async take(dir: number): Promise<void> {
    const { stream, lists, format, decoder } = this;
    const { protocol } = format;
    const list = lists.newList(0);
    const within = dir < 0 ? 'the file list' : `the file list of directory ${dir}`;
    for (;;) {
      this.links = undefined;
      this.named = [];
      const { at, value: flags } = await stream.record(within, (reader) => {
        const start = reader.mark();
        const ahead = decoder.readFlags();
        reader.rewind(start);
        return decoder.entry(list, undefined) ? ahead : undefined;
      });
      if (flags === undefined) {
        this.tellEnd(list, at);
        break;
      }
      stream.tell(`entry ${this.entryText(list, list.count - 1, flags)}`, at);
      this.tellNames();
      lists.count(list, list.count - 1);
    }
    if (!format.incRecurse) {
      stream.within = 'the names of users and groups';
      await receiveIdLists(stream.reader, format, this.ids, list);
      this.tellNames();
    }
    const order = sortList(list, protocol);
    if (this.options.iconv !== '') list.keepWireOrder(order);
    if (format.incRecurse) lists.addDirs(list);
    if (protocol < 30) {
      const { at, value } = await stream.record('the I/O error of a file list', (reader) => reader.int());
      stream.tell(`I/O error ${value}`, at);
    }
    // The first list is the content of its own `.`.
    const isOwn = dir < 0 && format.incRecurse && list.dirCount > 0 && list.basename(list.rowOf(0)) === '.';
    list.parentDirNdx = isOwn ? 0 : dir;
    lists.append(list);
  }

  /** The entry of an index, as people know it; undefined where there is none. */
  entryOf(ndx: number): { readonly path: ByteString; readonly mode: number } | undefined {
    const { lists } = this;
    const found = lists.byNdx(ndx);
    if (found === undefined) return undefined;
    const { list, i } = found;
    if (i >= 0) return { path: list.path(i), mode: list.mode(i) };
    const dir = list.parentDirNdx;
    if (!lists.dirs.holds(dir)) return undefined;
    const [home, at] = [lists.dirs.list(dir), lists.dirs.index(dir)];
    return { path: home.path(at), mode: home.mode(at) };
  }

  private entryText(list: FileList, i: number, flags: number): ByteString {
    const { format } = this;
    const mode = list.mode(i);
    const nsec = list.mtimeNsec(i);
    const time = timeString(list.mtime(i));
    const words = [
      list.path(i),
      permissionString(mode),
      list.isDevice(i) ? `device ${list.rdevMajor(i)}:${list.rdevMinor(i)}` : `${list.size(i)}`,
      nsec === 0 ? time : `${time}.${`${nsec}`.padStart(nsecDigits, '0')}`,
    ];
    if (format.owner) words.push(`uid ${list.uid(i)}`);
    if (format.group) words.push(`gid ${list.gid(i)}`);
    if (list.isLink(i) && format.links) words.push(`-> ${list.linkTarget(i)}`);
    if (this.links !== undefined) words.push(`linked to ${this.links}`);
    const sum = format.sumLength > 0 ? list.checksum(i) : undefined;
    if (sum !== undefined) words.push(`sum ${hex(sum)}`);
    return `${words.join(' ')} [${entryFlagNames(flags, format.protocol, mode)}]`;
  }

  private tellEnd(list: FileList, at: number): void {
    const first = list.ndxStart;
    const range = list.count === 0 ? '' : `, ndx ${first} to ${first + list.count - 1}`;
    const error = this.decoder.endIoError === 0 ? '' : `, I/O error ${this.decoder.endIoError}`;
    this.stream.tell(
      `end of the list: ${list.count === 1 ? '1 entry' : `${list.count} entries`}${range}${error}`,
      at,
    );
  }

  private tellNames(): void {
    if (this.named.length > 0) this.stream.tell(this.named.join(', '));
    this.named = [];
  }
}
