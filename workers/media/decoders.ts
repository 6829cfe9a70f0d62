/** Makes the tensors of one row from a picture, a sound or a text. Libraries are loaded only if an input needs them. */
import { join } from 'node:path';
import { newElements } from '../../src/models/elements.ts';
import type { Axis } from '../../src/models/manifest.ts';
import type { AudioInput, ImageInput, MediaInput, TokenInput } from '../../src/models/mediaInput.ts';
import { checkFile, MediaFault } from './mediaFault.ts';
import type { Placement } from './placement.ts';
import { decodeSound } from './sound.ts';
import type { MadeTensor } from './stackRows.ts';

export interface MadeRow {
  /** By the names of the graph's inputs. */
  readonly tensors: Readonly<Record<string, MadeTensor>>;
  /** Of a picture. */
  readonly placement?: Placement;
}

/** @throws {MediaFault} if the file or text is at fault. */
export type Decoder = (file: Uint8Array | string) => MadeRow | Promise<MadeRow>;

export interface DecoderOptions {
  readonly axes: Readonly<Record<string, Axis>>;
  /** Of the version. */
  readonly folder: string;
}

/** @throws {Error} if a tokenizer is missing or wrong. */
export async function openDecoder(input: MediaInput, options: DecoderOptions): Promise<Decoder> {
  switch (input.kind) {
    case 'image':
      return pictureDecoder(input, options);
    case 'audio':
      return soundDecoder(input, options);
    case 'text':
      return input.type === 'string' ? (file) => madeText(input, file) : tokenDecoder(input, options);
  }
}

async function pictureDecoder(input: ImageInput, { axes }: DecoderOptions): Promise<Decoder> {
  const { decodePicture } = await import('./picture.ts');
  const { tensor, type, pad } = input;
  return async (file) => {
    const { shape, elements, placement } = await decodePicture(bytesOf(file), input, axes);
    return { tensors: { [tensor]: { type, shape, data: elements, pad } }, placement };
  };
}

function soundDecoder(input: AudioInput, { axes }: DecoderOptions): Decoder {
  const { tensor, type, pad, mask } = input;
  return (file) => {
    const { shape, elements, length } = decodeSound(bytesOf(file), input, axes);
    const sound = { type, shape, data: elements, pad };
    if (mask === undefined) return { tensors: { [tensor]: sound } };
    const real = newElements(type, elements.length) as Float32Array<ArrayBuffer>;
    return {
      tensors: { [tensor]: sound, [mask]: { type, shape, data: real.fill(1, 0, length), pad: 0 } },
    };
  };
}

async function tokenDecoder(input: TokenInput, { axes, folder }: DecoderOptions): Promise<Decoder> {
  const { openTokenizer, tokenize } = await import('./tokens.ts');
  const tokenizer = await openTokenizer(join(folder, input.tokenizer));
  const { tensor, type, pad, mask, typeIds } = input;
  const made = (numbers: readonly number[], pad: number): MadeTensor => {
    const elements = newElements(type, numbers.length);
    for (const [i, number] of numbers.entries()) elements[i] = type === 'int64' ? BigInt(number) : number;
    return { type, shape: input.shape.map((size) => (size === 1 ? 1 : numbers.length)), data: elements, pad };
  };
  return (file) => {
    const tokens = tokenize(tokenizer, textOf(input, file), input, axes);
    return {
      tensors: {
        [tensor]: made(tokens.ids, pad),
        ...(mask !== undefined && { [mask]: made(tokens.mask, 0) }),
        ...(typeIds !== undefined && { [typeIds]: made(tokens.typeIds, 0) }),
      },
    };
  };
}

function madeText(input: MediaInput, file: Uint8Array | string): MadeRow {
  return { tensors: { [input.tensor]: { type: 'string', shape: [], data: [textOf(input, file)], pad: 0 } } };
}

function bytesOf(file: Uint8Array | string): Uint8Array {
  return typeof file === 'string' ? new TextEncoder().encode(file) : file;
}

/** @throws {MediaFault} if the bytes are no UTF-8, or a text that is too long for the input. */
function textOf(input: MediaInput, file: Uint8Array | string): string {
  if (typeof file === 'string') return file;
  checkFile(input, file);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file);
  } catch {
    throw new MediaFault('a text in UTF-8', `${file.length} bytes that are none`);
  }
  if (text.includes('\0')) throw new MediaFault('a text without NUL', `one at ${text.indexOf('\0')}`);
  return text;
}
