/**
 * Chooses how large the streams of `npm start`'s broker may become. RESULT_MAX_BYTES, QUEUE_MAX_BYTES, BLOBS_MAX_BYTES and
 * ARTIFACTS_MAX_BYTES are promises, so they have to fit on the disk. Those that are left to their defaults are halved until
 * everything fits.
 *
 * Free space and space that the store already uses count together, so a restart chooses the same sizes again. If other
 * programs have filled the disk meanwhile, no stream becomes smaller than its content.
 */
import { glob, readdir, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { StreamSizes } from '../broker/streams.ts';
import { ConfigurationError } from '../contract/errors.ts';
import { streams } from '../contract/subjects.ts';
import type { Config } from '../process/config.ts';
import { readableBytes } from '../process/readableBytes.ts';

export type StoreLimits = Pick<
  Config,
  'resultMaxBytes' | 'queueMaxBytes' | 'blobsMaxBytes' | 'artifactsMaxBytes'
>;

export interface StoreSizesOptions {
  /** The folder of the streams in DATA_DIR. */
  readonly storeDir: string;
  readonly limits: StoreLimits;
  /** The limits that may be lowered: the user has left them to their defaults. */
  readonly mayLower: { readonly [K in keyof StoreLimits]: boolean };
  readonly sizesWith: (limits: StoreLimits) => StreamSizes;
}

export interface ChosenSizes {
  readonly limits: StoreLimits;
  /** The sum over all streams. */
  readonly reservedBytes: number;
  /** Space for the streams, used or free. */
  readonly roomBytes: number;
  /** The size of the disk. */
  readonly diskBytes: number;
  readonly isLowered: boolean;
}

const MIB = 1024 * 1024;
/** Tidings cannot work with less: a row batch takes some MiB. */
const LEAST: StoreLimits = {
  resultMaxBytes: 32 * MIB,
  queueMaxBytes: 8 * MIB,
  blobsMaxBytes: 16 * MIB,
  artifactsMaxBytes: 16 * MIB,
};
const MOST_HALVINGS = 7;
/** The rest is for the broker's log and its other files. */
const USABLE_SHARE = 0.95;

/** @throws {ConfigurationError} if the disk has too little space for them. */
export async function chooseSizes(options: StoreSizesOptions): Promise<ChosenSizes> {
  const { storeDir, limits, mayLower, sizesWith } = options;
  const disk = await statfs(storeDir);
  const roomBytes = disk.bavail * disk.bsize + (await bytesIn(storeDir));
  const candidates = Array.from({ length: MOST_HALVINGS + 1 }, (_, halvings) => {
    const lowered = (name: keyof StoreLimits) =>
      mayLower[name] ? Math.max(LEAST[name], Math.floor(limits[name] / 2 ** halvings)) : limits[name];
    return {
      resultMaxBytes: lowered('resultMaxBytes'),
      queueMaxBytes: lowered('queueMaxBytes'),
      blobsMaxBytes: lowered('blobsMaxBytes'),
      artifactsMaxBytes: lowered('artifactsMaxBytes'),
    };
  });
  const fitting = candidates.findIndex((each) => sumOf(sizesWith(each)) <= roomBytes * USABLE_SHARE);
  const smallest = candidates.at(-1) ?? limits;
  if (fitting < 0) {
    throw new ConfigurationError(
      `DATA_DIR must lie on a disk with room for ${readableBytes(sumOf(sizesWith(smallest)))}, which the streams reserve, ` +
        `got ${readableBytes(roomBytes)}: ${adviceFor(mayLower)}free some space, or choose another disk`,
    );
  }
  const held = await bytesByStream(storeDir);
  // Both share RESULT_MAX_BYTES.
  held.set(streams.ends, (held.get(streams.ends) ?? 0) + (held.get(streams.results) ?? 0));
  const holding = candidates.findLastIndex((each) =>
    [...sizesWith(each)].every(([name, size]) => size >= (held.get(name) ?? 0)),
  );
  const chosen = Math.min(fitting, Math.max(holding, 0));
  const chosenLimits = candidates[chosen] ?? limits;
  return {
    limits: chosenLimits,
    reservedBytes: sumOf(sizesWith(chosenLimits)),
    roomBytes,
    diskBytes: disk.blocks * disk.bsize,
    isLowered: chosen > 0,
  };
}

function adviceFor(mayLower: StoreSizesOptions['mayLower']): string {
  const given = [
    ...(mayLower.resultMaxBytes ? [] : ['RESULT_MAX_BYTES']),
    ...(mayLower.queueMaxBytes ? [] : ['QUEUE_MAX_BYTES']),
    ...(mayLower.blobsMaxBytes ? [] : ['BLOBS_MAX_BYTES']),
    ...(mayLower.artifactsMaxBytes ? [] : ['ARTIFACTS_MAX_BYTES']),
  ];
  return given.length === 0 ? '' : `lower ${given.join(' or ')}, `;
}

function sumOf(sizes: StreamSizes): number {
  return sizes.values().reduce((sum, size) => sum + size, 0);
}

/**
 * The bytes of each stream on the disk, by name. nats-server keeps one folder a stream, in the folder of its account.
 */
async function bytesByStream(storeDir: string): Promise<Map<string, number>> {
  const folders = await Array.fromAsync(glob('jetstream/*/streams/*/msgs', { cwd: storeDir }));
  return new Map(
    await Promise.all(
      folders.map(
        async (folder) => [basename(dirname(folder)), await bytesIn(join(storeDir, folder))] as const,
      ),
    ),
  );
}

/** The bytes that the files of a folder take on the disk; 0 if it is not there. */
async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ blocks }) => blocks * 512,
        () => 0, // it went meanwhile
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
