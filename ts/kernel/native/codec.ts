import type { Decoder, Encoder } from '../../../native/addon.d.ts';
import type { CodecSpec, TokenDecoder, TokenEncoder } from '../kernel.ts';

/** Compression state that lives in the addon. */
export class NativeEncoder implements TokenEncoder {
  readonly spec: CodecSpec;
  private handle: Encoder | undefined;

  constructor(spec: CodecSpec, handle: Encoder) {
    this.spec = spec;
    this.handle = handle;
  }

  close(): void {
    this.handle = undefined;
  }

  /** The addon's object of an encoder that this kernel made. */
  static handleOf(encoder: TokenEncoder): Encoder {
    const handle = encoder instanceof NativeEncoder ? encoder.handle : undefined;
    if (handle === undefined) throw new Error('the encoder is closed, or of another kernel');
    return handle;
  }
}

/** Decompression state that lives in the addon. */
export class NativeDecoder implements TokenDecoder {
  readonly spec: CodecSpec;
  private handle: Decoder | undefined;

  constructor(spec: CodecSpec, handle: Decoder) {
    this.spec = spec;
    this.handle = handle;
  }

  close(): void {
    this.handle = undefined;
  }

  /** The addon's object of a decoder that this kernel made. */
  static handleOf(decoder: TokenDecoder): Decoder {
    const handle = decoder instanceof NativeDecoder ? decoder.handle : undefined;
    if (handle === undefined) throw new Error('the decoder is closed, or of another kernel');
    return handle;
  }
}
