// Stands in for the remote shell: greets as a server of protocol argv[2], then stores the filter list
// that the client sends in the file argv[3].
import { writeFileSync } from 'node:fs';

const protocol = Number(process.argv[2]);
const greeting = Buffer.alloc(4 + (protocol >= 30 ? 1 : 0) + 4);
greeting.writeInt32LE(protocol, 0);
process.stdout.write(greeting);
process.stdout.on('error', () => {});

let input = Buffer.alloc(0);
process.stdin.on('data', (chunk) => {
  input = Buffer.concat([input, chunk]);
  const payload = protocol >= 30 ? unframe(input.subarray(4)) : input.subarray(4);
  const end = listEnd(payload);
  if (end === undefined) return;
  writeFileSync(process.argv[3], payload.subarray(0, end));
  process.exit(0);
});

function unframe(bytes) {
  const parts = [];
  for (let at = 0; at + 4 <= bytes.length; ) {
    const header = bytes.readUInt32LE(at);
    const length = header & 0xffffff;
    if (header >>> 24 === 7) parts.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return Buffer.concat(parts);
}

function listEnd(bytes) {
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readInt32LE(at);
    at += 4 + length;
    if (length === 0) return at;
  }
  return undefined;
}
