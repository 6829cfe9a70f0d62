/** SHA-256 of a file, in pieces: `crypto.subtle` needs all bytes at once, and a page over HTTPS. FIPS 180-4 has the names. */
const BLOCK = 64;
/** The page can draw after each piece. */
const PIECE_BYTES = 2 * 1_024 * 1_024;

/** @returns in hex. @param tell called with the bytes that are done. */
export async function sha256Of(
  file: Blob,
  tell: (bytes: number) => void = () => {},
  signal?: AbortSignal,
): Promise<string> {
  const hash = new Sha256();
  for (let from = 0; from < file.size; from += PIECE_BYTES) {
    signal?.throwIfAborted();
    const piece = file.slice(from, from + PIECE_BYTES);
    hash.add(new Uint8Array(await piece.arrayBuffer()));
    tell(Math.min(file.size, from + PIECE_BYTES));
  }
  return hash.end();
}

class Sha256 {
  readonly #state = Uint32Array.from(INITIAL);
  readonly #words = new Uint32Array(64);
  readonly #rest = new Uint8Array(BLOCK);
  #restBytes = 0;
  #bytes = 0;

  add(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    let at = 0;
    if (this.#restBytes > 0) {
      at = Math.min(BLOCK - this.#restBytes, bytes.length);
      this.#rest.set(bytes.subarray(0, at), this.#restBytes);
      this.#restBytes += at;
      if (this.#restBytes < BLOCK) return;
      this.#compress(this.#rest, 0);
    }
    for (; at + BLOCK <= bytes.length; at += BLOCK) this.#compress(bytes, at);
    this.#rest.set(bytes.subarray(at));
    this.#restBytes = bytes.length - at;
  }

  end(): string {
    const bits = BigInt(this.#bytes) * 8n;
    const padding = new Uint8Array(
      this.#restBytes < 56 ? BLOCK - this.#restBytes : 2 * BLOCK - this.#restBytes,
    );
    padding[0] = 0x80;
    new DataView(padding.buffer).setBigUint64(padding.length - 8, bits);
    this.add(padding);
    return Array.from(this.#state, (word) => word.toString(16).padStart(8, '0')).join('');
  }

  #compress(bytes: Uint8Array, from: number): void {
    const words = this.#words;
    const view = new DataView(bytes.buffer, bytes.byteOffset + from, BLOCK);
    for (let t = 0; t < 16; t++) words[t] = view.getUint32(4 * t);
    for (let t = 16; t < 64; t++) {
      const early = at(words, t - 15);
      const late = at(words, t - 2);
      const sigma0 = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3);
      const sigma1 = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10);
      words[t] = at(words, t - 16) + sigma0 + at(words, t - 7) + sigma1;
    }
    const state = this.#state;
    let [a, b, c, d, e, f, g, h] = state as unknown as EightNumbers;
    for (let t = 0; t < 64; t++) {
      const sum1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
      const one = (h + sum1 + ((e & f) ^ (~e & g)) + at(CONSTANTS, t) + at(words, t)) | 0;
      const sum0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
      const two = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + one) | 0;
      d = c;
      c = b;
      b = a;
      a = (one + two) | 0;
    }
    for (const [i, value] of [a, b, c, d, e, f, g, h].entries()) state[i] = at(state, i) + value;
  }
}

type EightNumbers = [number, number, number, number, number, number, number, number];

function rotated(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

function at(words: Uint32Array, index: number): number {
  return words[index] as number;
}

const PRIMES = primes(64);
/** The first 32 bits of the fractions of the square roots and cube roots of the first primes. */
const INITIAL = PRIMES.slice(0, 8).map((prime) => fractionBits(prime, 2n));
const CONSTANTS = Uint32Array.from(PRIMES, (prime) => fractionBits(prime, 3n));

function primes(count: number): readonly number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}

/** The root of `prime · 2^(32·degree)` is the root of the prime with 32 bits behind its point. */
function fractionBits(prime: number, degree: bigint): number {
  const wanted = BigInt(prime) << (32n * degree);
  let [low, high] = [0n, 1n << 40n];
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** degree <= wanted) low = middle;
    else high = middle;
  }
  return Number(low & 0xffff_ffffn);
}
