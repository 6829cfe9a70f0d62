// @ts-check
/**
 * A lock that dies with its holder: a file that names the process that has it. It is plain JavaScript because set-up
 * needs it too, before the Node that runs TypeScript is there.
 */
import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * @typedef {object} Holder
 * @property {number} pid
 * @property {string} command the command line, which tells the holder from a later process with the same pid
 * @property {string} note what the holder says of itself
 */

/**
 * Takes the lock, also from a holder that is dead; it is let go by `release()` or by the end of this process.
 *
 * @param {string} file
 * @param {string} [note] for whoever finds the lock taken
 * @returns {{ taken: true, release: () => void } | { taken: false, heldBy: Holder }}
 */
export function takeLock(file, note = '') {
  mkdirSync(dirname(file), { recursive: true });
  const own = `${file}.${process.pid}`;
  const me = { pid: process.pid, command: commandLine(process.pid) ?? '', note };
  writeFileSync(own, JSON.stringify(me));
  try {
    for (;;) {
      // A link appears with its content; a file that is made and then written can be read while it is empty.
      if (tried(() => linkSync(own, file), 'EEXIST')) {
        return { taken: true, release: () => rmSync(file, { force: true }) };
      }
      const holder = readHolder(file);
      if (holder !== undefined && isAlive(holder)) return { taken: false, heldBy: holder };
      moveAside(file, `${own}.stale`);
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/**
 * Removes a lock whose holder is dead. Somebody quicker may have done so, and have taken it, between our look at
 * the file and the move: then it is put back.
 *
 * @param {string} file
 * @param {string} aside
 */
function moveAside(file, aside) {
  if (!tried(() => renameSync(file, aside), 'ENOENT')) return;
  const moved = readHolder(aside);
  if (moved !== undefined && isAlive(moved)) tried(() => linkSync(aside, file), 'EEXIST');
  rmSync(aside, { force: true });
}

/**
 * @param {() => void} action
 * @param {string} code the error that means "somebody else was quicker"
 */
function tried(action, code) {
  try {
    action();
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === code) return false;
    throw error;
  }
}

/**
 * @param {string} file
 * @returns {Holder | undefined} undefined if the lock is gone or unreadable
 */
function readHolder(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** @param {Holder} holder */
function isAlive({ pid, command }) {
  return pid !== process.pid && commandLine(pid) === command;
}

/**
 * @param {number} pid
 * @returns {string | undefined} undefined if no such process runs; a zombie no longer does
 */
export function commandLine(pid) {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() || undefined;
    } catch {
      return undefined;
    }
  }
  return (
    spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim() || undefined
  );
}
