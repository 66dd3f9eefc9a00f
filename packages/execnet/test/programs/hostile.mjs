// Stands in for an interpreter: says hello as a remote end does, and when it is asked something writes mutated frames without end.
import { readSync, writeSync } from 'node:fs';
import { CODE, concat, frame, hardMutation, Random, softMutation } from '../fixtures/mutations.mjs';

const [, , seed, kind] = process.argv;
const [INPUT, OUTPUT] = [3, 4];

/** @param {number} length */
function read(length) {
  const bytes = Buffer.alloc(length);
  for (let fill = 0; fill < length; ) {
    const size = readSync(INPUT, bytes, fill, length - fill, null);
    if (size === 0) process.exit(0);
    fill += size;
  }
  return bytes;
}

/** @param {Uint8Array} bytes */
function write(bytes) {
  for (let at = 0; at < bytes.length; ) at += writeSync(OUTPUT, bytes, at, bytes.length - at);
}

const { token } = JSON.parse(String(read(read(4).readUInt32BE(0))));
read(read(4).readUInt32BE(0));
const hello = { protocol: 1, runtime: 'node', version: '99.0.0', pid: process.pid };
write(concat(Buffer.from(token), frame(CODE.HELLO, 0, Buffer.from(JSON.stringify(hello)))));

const random = new Random(Number(seed));
const mutate = kind === 'soft' ? softMutation : hardMutation;
// what it says is to arrive while somebody waits
read(9);
console.error(`hostile ${seed}`);
for (;;) write(mutate(random, [1, 3, 5, 7, 9, 11, 13, 512, 514]));
