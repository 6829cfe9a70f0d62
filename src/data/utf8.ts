/** Decodes the bytes of a file strictly as UTF-8. */
import { isUtf8 } from 'node:buffer';
import { DataFault } from './dataFault.ts';

const BYTE_ORDER_MARK = '\uFEFF';

/** The file that a text comes from. */
export interface TextSource {
  /** The path as the user wrote it. */
  readonly file: string;
  readonly isGzip: boolean;
}

/** The most bytes of a character after its first byte. */
const MAX_CONTINUATION_BYTES = 3;

/**
 * Decodes a file that comes in pieces. A byte order mark at its beginning is left out.
 *
 * @param pieces the bytes; a character may span two pieces.
 * @param source the file that they come from.
 * @throws {DataFault} naming the line and the byte that is not UTF-8.
 */
export async function* decodeUtf8(pieces: AsyncIterable<Buffer>, source: TextSource): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  let linesBefore = 0;
  let bytesBefore = 0;
  let isFirst = true;
  const decode = (bytes: Buffer): string => {
    if (!isUtf8(bytes)) throw notUtf8(source, bytes, linesBefore, bytesBefore);
    for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) linesBefore++;
    bytesBefore += bytes.length;
    const text = bytes.toString('utf8');
    const isMarked = isFirst && text.startsWith(BYTE_ORDER_MARK);
    isFirst = false;
    return isMarked ? text.slice(1) : text;
  };
  for await (const piece of pieces) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const end = endOfCharacters(bytes);
    rest = bytes.subarray(end);
    if (end > 0) yield decode(bytes.subarray(0, end));
  }
  if (rest.length > 0) yield decode(rest);
}

/** The position behind the last complete character. The missing bytes of an incomplete one come in the next piece. */
function endOfCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(MAX_CONTINUATION_BYTES, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    const isContinuation = (byte & 0xc0) === 0x80;
    if (isContinuation) continue;
    const expected = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return expected > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

function notUtf8(source: TextSource, bytes: Buffer, linesBefore: number, bytesBefore: number): DataFault {
  const wrong = firstWrongByte(bytes);
  const line = 1 + linesBefore + bytes.subarray(0, wrong).toString('latin1').split('\n').length - 1;
  const shown = `0x${(bytes[wrong] ?? 0).toString(16).toUpperCase().padStart(2, '0')}`;
  return new DataFault(
    `${source.file} must be UTF-8, got the byte ${shown} in line ${line} (byte ${bytesBefore + wrong + 1} of the text). If it is Latin-1 or Windows-1252: ${conversion('WINDOWS-1252', source)}`,
  );
}

/** The position at which the first wrong character begins. */
function firstWrongByte(bytes: Buffer): number {
  let [low, high] = [0, bytes.length];
  // A binary search: no prefix with the wrong byte is valid. The end of a prefix may cut a character, which is left
  // out.
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (isUtf8(bytes.subarray(0, endOfCharacters(bytes.subarray(0, middle))))) low = middle;
    else high = middle;
  }
  return endOfCharacters(bytes.subarray(0, low));
}

/** The command that converts a file to UTF-8. */
export function conversion(encoding: string, { file, isGzip }: TextSource): string {
  const [unpack, name] = isGzip ? [`gunzip -c < ${shellQuoted(file)} | `, ''] : ['', `${shellQuoted(file)} `];
  return `${unpack}iconv -f ${encoding} -t UTF-8 ${name}> utf8.csv`;
}

function shellQuoted(text: string): string {
  return /^[\w./+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
