/**
 * Why a version cannot be served, as everybody may read it who asks a gateway. Messages of the file system and of ONNX
 * Runtime name places on this machine; within MODELS_DIR a name such as `churn/2/version.json` is enough. The log has
 * the message as it came.
 */
import { basename, join, resolve, sep } from 'node:path';

const MAX_CHARACTERS = 1_000;
/** Of a longer message the end is not even looked at. */
const READ_CHARACTERS = 10 * MAX_CHARACTERS;
/** A path from the root in quotes, with the spaces in it. An apostrophe within a word ends it no more than a letter. */
const QUOTED_PATH = /(["'`])(?:file:\/\/)?\/([^\n]*?)\1(?!\w)/g;
/** Any other path from the root, up to its last name. It begins a word, or stands behind a quote, a bracket or the like. */
const PLACE = /(?<![^\s"'`(=:[,;<>])\/(?=\S)(?:[^\s"'`()=:[\],;<>/]*\/)*/g;

export function publicReason(message: string, modelsDir: string): string {
  return message
    .slice(0, READ_CHARACTERS)
    .replaceAll(`${resolve(modelsDir)}${sep}`, '')
    .replaceAll(join(modelsDir, sep), '')
    .replaceAll(QUOTED_PATH, (_whole, quote, path) => `${quote}${basename(path)}${quote}`)
    .replaceAll(PLACE, '')
    .slice(0, MAX_CHARACTERS);
}
