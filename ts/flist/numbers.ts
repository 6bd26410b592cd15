const firstNumbers = 64;

/**
 * Room for number `i`: a row of numbers by an index that keeps growing takes four bytes each, and half as much more.
 * What was not set is -1.
 */
export function withRoomFor(i: number, numbers: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  if (i < numbers.length) return numbers;
  const larger = new Int32Array(Math.max(firstNumbers, i + 1, numbers.length + (numbers.length >> 1)));
  larger.set(numbers);
  larger.fill(-1, numbers.length);
  return larger;
}
