/**
 * Reads what kind of picture a file is and how large, from its first bytes, in microseconds. So a file that is no
 * picture, or unpacks to too many pixels, is refused before it is decoded.
 */

export interface PictureHeader {
  readonly mediaType: string;
  readonly width: number;
  readonly height: number;
}

/** The formats in words. Others have decoders with a history of faults (TIFF), or read other files (SVG). */
export const PICTURE_FORMATS = 'JPEG, PNG, WebP or GIF';

/** A JPEG may have an EXIF preview and colour profiles before its size. */
export const HEADER_MAX_BYTES = 1024 * 1024;

type HeaderReader = (bytes: DataView) => PictureHeader | undefined;

/**
 * @param bytes the whole file, or its first `HEADER_MAX_BYTES`.
 * @returns undefined if they do not begin as a picture of these formats.
 */
export function pictureHeader(bytes: Uint8Array): PictureHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEADER_MAX_BYTES));
  for (const read of READERS) {
    try {
      const header = read(view);
      if (header !== undefined && header.width > 0 && header.height > 0) return header;
    } catch (error) {
      // The file ends within its header.
      if (!(error instanceof RangeError)) throw error;
    }
  }
  return undefined;
}

const READERS: readonly HeaderReader[] = [readPng, readJpeg, readWebp, readGif];

function readPng(bytes: DataView): PictureHeader | undefined {
  const isPng = bytes.getUint32(0) === 0x89504e47 && bytes.getUint32(4) === 0x0d0a1a0a;
  if (!isPng || textAt(bytes, 12, 4) !== 'IHDR') return undefined;
  return { mediaType: 'image/png', width: bytes.getUint32(16), height: bytes.getUint32(20) };
}

function readGif(bytes: DataView): PictureHeader | undefined {
  if (!['GIF87a', 'GIF89a'].includes(textAt(bytes, 0, 6))) return undefined;
  return { mediaType: 'image/gif', width: bytes.getUint16(6, true), height: bytes.getUint16(8, true) };
}

/** The three kinds of first chunk: with alpha or animation (VP8X), without loss (VP8L), with loss (VP8). */
function readWebp(bytes: DataView): PictureHeader | undefined {
  if (textAt(bytes, 0, 4) !== 'RIFF' || textAt(bytes, 8, 4) !== 'WEBP') return undefined;
  const size = (width: number, height: number) => ({ mediaType: 'image/webp', width, height });
  switch (textAt(bytes, 12, 4)) {
    case 'VP8X': {
      const uint24 = (at: number) => bytes.getUint16(at, true) + 0x10000 * bytes.getUint8(at + 2);
      return size(1 + uint24(24), 1 + uint24(27));
    }
    case 'VP8L': {
      const packed = bytes.getUint32(21, true);
      return size(1 + (packed & 0x3fff), 1 + ((packed >>> 14) & 0x3fff));
    }
    case 'VP8 ':
      return size(bytes.getUint16(26, true) & 0x3fff, bytes.getUint16(28, true) & 0x3fff);
    default:
      return undefined;
  }
}

/** The segments of a JPEG lie one behind another, each with its length. One of them, the frame, has the size. */
function readJpeg(bytes: DataView): PictureHeader | undefined {
  if (bytes.getUint16(0) !== 0xffd8) return undefined;
  for (let at = 2; bytes.getUint8(at) === 0xff; ) {
    const marker = bytes.getUint8(at + 1);
    // A marker may have any number of fill bytes before it.
    if (marker === 0xff) at++;
    else if (isFrame(marker))
      return { mediaType: 'image/jpeg', width: bytes.getUint16(at + 7), height: bytes.getUint16(at + 5) };
    else at += 2 + bytes.getUint16(at + 2);
  }
  return undefined;
}

/** C4, C8 and CC, among the markers of frames, are others. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

function textAt(bytes: DataView, at: number, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) text += String.fromCharCode(bytes.getUint8(at + i));
  return text;
}
