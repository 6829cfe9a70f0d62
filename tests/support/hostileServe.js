// @ts-check
/**
 * A program that speaks the frames of docs/runtimes.md by itself, without code of Tidings. Its output y is its input x,
 * and some numbers make it do what a bad program may do.
 */
import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream, writeSync } from 'node:fs';
import {
  ANSWERS_ANOTHER_ID,
  ANSWERS_TOO_MUCH,
  ANSWERS_WRONG_ROWS,
  ANSWERS_WRONG_TYPE,
  DIES,
  FAILS,
  FLOODS,
  HANGS,
  LEAVES_CHILDREN,
  TAKES_MEMORY,
  WRITES_NO_FRAME,
  WRITES_NO_JSON,
} from './hostileNumbers.js';

const MIB = 1024 * 1024;
const answers = createWriteStream('', { fd: 4 });
/** @type {Buffer<ArrayBufferLike>} */
let unread = Buffer.alloc(0);

tell({ type: 'ready', protocol: 1 });
for await (const chunk of createReadStream('', { fd: 3 })) {
  unread = Buffer.concat([unread, chunk]);
  while (unread.length >= 8) {
    const bodyAt = 8 + unread.readUInt32LE(0);
    const end = bodyAt + unread.readUInt32LE(4);
    if (unread.length < end) break;
    answer(JSON.parse(unread.subarray(8, bodyAt).toString()), unread.subarray(bodyAt, end));
    unread = unread.subarray(end);
  }
}

/** @param {any} header @param {Uint8Array} body */
function tell(header, body = new Uint8Array()) {
  const text = Buffer.from(JSON.stringify(header));
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(text.length, 0);
  lengths.writeUInt32LE(body.length, 4);
  answers.write(Buffer.concat([lengths, text, body]));
}

/** @param {any} header @param {Buffer} body */
function answer({ id, type, rows }, body) {
  if (type === 'load') {
    tell({ id, type: 'loaded' });
    return;
  }
  const xs = new Set(new Float32Array(new Uint8Array(body).buffer));
  const ran = (/** @type {object} */ changes, y = body) =>
    tell(
      {
        id,
        type: 'ran',
        columns: [{ name: 'y', type: 'float32', shape: [rows], bytes: y.length, ...changes }],
      },
      y,
    );
  if (xs.has(DIES)) process.abort();
  if (xs.has(HANGS)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (xs.has(FAILS)) {
    tell({ id, type: 'failed', reason: `ValueError: cannot read '${process.cwd()}/weights.bin'` });
    return;
  }
  if (xs.has(FLOODS)) for (let i = 0; i < 100; i++) flood(Buffer.alloc(MIB, 'a line of 16 by\n'));
  // More than the 64 KiB that an answer may be too large by, and little enough to be made long before the run times out.
  if (xs.has(ANSWERS_TOO_MUCH)) return ran({ shape: [2 * MIB] }, Buffer.alloc(8 * MIB));
  if (xs.has(WRITES_NO_FRAME)) answers.write('Segmentation fault');
  if (xs.has(LEAVES_CHILDREN)) {
    // The answer is the number of the process that stays.
    const { pid = 0 } = spawn('sleep', ['600'], { stdio: 'inherit' });
    const ys = new Float32Array(new Uint8Array(body).buffer).map((x) => (x === LEAVES_CHILDREN ? pid : x));
    return ran({}, Buffer.from(ys.buffer));
  }
  if (xs.has(ANSWERS_WRONG_TYPE)) return ran({ type: 'int32' });
  if (xs.has(ANSWERS_WRONG_ROWS)) return ran({ shape: [rows + 1] }, Buffer.concat([body, Buffer.alloc(4)]));
  if (xs.has(WRITES_NO_JSON)) answers.write(Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 65, 66]));
  if (xs.has(ANSWERS_ANOTHER_ID)) return tell({ id: id + 1, type: 'ran', columns: [] });
  if (xs.has(TAKES_MEMORY)) takeMemory();
  ran({});
}

/** Writes to stdout and waits until all is taken. @param {Buffer} bytes */
function flood(bytes) {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EAGAIN') throw error;
    }
  }
}

/** Takes memory until there is none. A program that catches that may still hang: this one dies. */
function takeMemory() {
  try {
    for (const kept = []; ; ) kept.push(Buffer.allocUnsafeSlow(256 * MIB));
  } catch {
    process.abort();
  }
}
