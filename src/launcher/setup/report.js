// @ts-check
/** How set-up speaks to the user. */

/** Something the user can do about: shown without a stack. */
export class SetupError extends Error {}

/** @param {string} text one step, on one line */
export function say(text) {
  // Not on stdout: that belongs to the command that follows.
  process.stderr.write(`setup: ${text}\n`);
}
