/** A digest that is fed piece by piece. After `final` it is used up. */
export interface Digest {
  update(data: Uint8Array, start: number, end: number): void;
  final(): Buffer;
}
