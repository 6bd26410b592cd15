/** Moves files from one kernel to another as their token streams. */
import type {
  BlockSums,
  CodecSpec,
  DigestSpec,
  Kernel,
  ReceiveJob,
  ReceiveRequest,
  ReceiveResult,
  SendRequest,
  SendResult,
  TokenDecoder,
  TokenEncoder,
  Tree,
} from '../../ts/kernel/kernel.ts';

/** How the stream is cut on its way. */
export interface Cuts {
  /** Bytes asked of the sender at once. */
  readonly read: number;
  /** Bytes of each range that the receiver is given; every second one leaves a gap before it. */
  readonly range: number;
}
export const wholeCuts: Cuts = { read: 64 * 1024, range: 64 * 1024 };

/** One direction between two kernels, with its compression state. */
export class Line {
  readonly sender: Tree;
  readonly receiver: Tree;
  readonly encoder: TokenEncoder;
  readonly decoder: TokenDecoder;
  readonly digest: DigestSpec;
  private readonly kernel: Kernel;

  constructor(
    from: Kernel,
    to: Kernel,
    source: string,
    target: string,
    codec: CodecSpec,
    digest: DigestSpec,
  ) {
    this.kernel = to;
    this.sender = from.openTree(source);
    this.receiver = to.openTree(target);
    this.encoder = from.openEncoder(codec);
    this.decoder = to.openDecoder(codec);
    this.digest = digest;
  }

  close(): void {
    this.encoder.close();
    this.decoder.close();
    this.sender.close();
    this.receiver.close();
  }

  /** Block sums of a file at the receiver, made by its kernel. */
  async sums(path: string, size: number, blockLength: number, strongLength: number): Promise<BlockSums> {
    const tree = this.receiver;
    const job = tree.openBlockSums(path, size, blockLength, strongLength, this.digest);
    const parts: Buffer[] = [];
    const into = Buffer.alloc(4096);
    for (let n = await job.next(into); n > 0; n = await job.next(into)) {
      parts.push(Buffer.from(into.subarray(0, n)));
    }
    job.close();
    return {
      count: Math.ceil(size / blockLength),
      blockLength,
      remainder: size % blockLength,
      strongLength,
      sums: Buffer.concat(parts),
    };
  }

  /** Sends one file and receives it. */
  async transfer(
    send: Omit<SendRequest, 'digest' | 'encoder'>,
    receive: Pick<ReceiveRequest, 'path'> & Partial<ReceiveRequest>,
    cuts: Cuts = wholeCuts,
  ): Promise<{ sent: SendResult; received: ReceiveResult; wire: number }> {
    const { digest, encoder, decoder } = this;
    const out = this.sender.openSend({ ...send, digest, encoder });
    const { count = 0, blockLength = 0, remainder = 0 } = send.basis ?? {};
    const head = { blockCount: count, blockLength, remainder };
    const job = this.receiver.openReceive({ ...head, digest, decoder, ...receive });
    let wire = 0;
    let complete = false;
    const into = Buffer.alloc(Math.max(cuts.read, 64 * 1024));
    try {
      for (;;) {
        const n = await out.next(into);
        if (n === 0) break;
        if (complete) throw new Error('the receiver was done before the sender');
        wire += n;
        complete = await pushCut(job, into.subarray(0, n), cuts.range);
      }
      if (!complete) throw new Error('the receiver waits for more');
      return { sent: out.result(), received: job.result(), wire };
    } finally {
      out.close();
      job.close();
    }
  }

  get receiverName(): string {
    return this.kernel.name;
  }
}

/** Pushes bytes as ranges with gaps, as multiplex frames leave them. Returns whether the job is done. */
export async function pushCut(job: ReceiveJob, bytes: Uint8Array, range: number): Promise<boolean> {
  const count = Math.ceil(bytes.length / range);
  const gap = 4;
  const raw = Buffer.alloc(bytes.length + count * gap, 0xaa);
  const ranges = new Uint32Array(2 * count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const piece = bytes.subarray(i * range, (i + 1) * range);
    at += gap;
    raw.set(piece, at);
    ranges.set([at, piece.length], 2 * i);
    at += piece.length;
  }
  const progress = await job.push(raw, ranges, count);
  if (!progress.done && progress.consumed !== bytes.length) throw new Error('bytes were left');
  if (progress.done && progress.consumed !== bytes.length) throw new Error('bytes behind the digest');
  return progress.done;
}
