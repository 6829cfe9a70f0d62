/**
 * DATA_DIR: the folder with the stores of `npm start`'s broker and the keys to it. Other users must neither read it
 * nor write to it, so its mode becomes 0700, even if an earlier start or a person has set a wider one.
 */
import { access, chmod, constants, mkdir, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigurationError, messageOf } from '../contract/errors.ts';
import type { Logger } from '../process/log.ts';
import { takeLock } from '../process/processLock.js';

const PRIVATE_FOLDER = 0o700;
/** The rights of all users but the owner. */
const RIGHTS_OF_OTHERS = 0o077;
/** The disk is full, or the user's quota of it. */
const NO_ROOM: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);
/** Each folder that an earlier start has used contains it. */
export const BROKER_CONFIG_FILE = 'nats-server.conf';

/** @throws {ConfigurationError} if it cannot be made, written to or kept from other users. */
export async function makeDataDir(dataDir: string, log: Logger): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: PRIVATE_FOLDER });
    await access(dataDir, constants.W_OK);
    await keepFromOthers(dataDir, log);
  } catch (cause) {
    if (cause instanceof ConfigurationError) throw cause;
    throw new ConfigurationError(`DATA_DIR must be a folder to write to: ${messageOf(cause)}`, { cause });
  }
}

async function keepFromOthers(dataDir: string, log: Logger): Promise<void> {
  const { uid, mode } = await stat(dataDir);
  const ownUid = process.getuid?.();
  if (ownUid !== undefined && uid !== ownUid)
    throw new ConfigurationError(
      `DATA_DIR must belong to the user who runs Tidings (${ownUid}), got ${dataDir} of user ${uid}. That user could read and ` +
        'change what the broker stores: choose another folder, or change its owner',
    );
  if ((mode & RIGHTS_OF_OTHERS) === 0) return;
  // The root of an empty disk contains this one.
  const names = (await readdir(dataDir)).filter((name) => name !== 'lost+found');
  // A home folder or /tmp must stay open.
  if (names.length > 0 && !names.includes(BROKER_CONFIG_FILE))
    throw new ConfigurationError(
      `DATA_DIR must be a folder of its own that no other user may enter, got ${dataDir}, which holds other files and ` +
        `has mode ${(mode & 0o7777).toString(8).padStart(4, '0')}: choose an empty or a new folder, or run chmod 700 on it`,
    );
  await chmod(dataDir, PRIVATE_FOLDER);
  if (((await stat(dataDir)).mode & RIGHTS_OF_OTHERS) !== 0)
    log.warn(
      { dataDir },
      'the file system of DATA_DIR keeps no rights: other users of this machine can read the keys to the broker',
    );
}

/**
 * @param work that writes to DATA_DIR.
 * @throws {ConfigurationError} if its disk has too little space for that.
 */
export async function needingRoom<T>(dataDir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const isFull = cause instanceof Error && 'code' in cause && NO_ROOM.has(cause.code);
    if (!isFull) throw cause;
    throw new ConfigurationError(
      `DATA_DIR must lie on a disk with room, got ${dataDir} (${messageOf(cause)}): free some space, or choose another disk`,
      { cause },
    );
  }
}

/** @returns the bytes that the user of this process may still write to the disk of a folder. */
export async function freeBytesAt(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** @returns a function that unlocks the folder. @throws {ConfigurationError} if another Tidings uses it. */
export function lockDataDir(dataDir: string, address: string): () => void {
  const lock = takeLock(join(dataDir, 'tidings.lock'), address);
  if (lock.taken) return lock.release;
  const { pid, note } = lock.heldBy;
  throw new ConfigurationError(
    `DATA_DIR must be a folder that no other Tidings uses: process ${pid} (${note}) runs on ${dataDir}. ` +
      'Stop it, or give this one another DATA_DIR and PORT',
  );
}
