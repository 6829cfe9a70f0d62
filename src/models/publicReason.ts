/**
 * Makes the reason why a version cannot be served fit for every client. Messages of the file system and of ONNX Runtime
 * contain paths of this machine. For clients a name within MODELS_DIR, such as `churn/2/version.json`, is enough. The
 * log has the original message.
 */
import { basename, join, resolve, sep } from 'node:path';

const MAX_CHARACTERS = 1_000;
/** The rest of a longer message is dropped unread. */
const READ_CHARACTERS = 10 * MAX_CHARACTERS;
/** An absolute path in quotes, which may contain spaces. An apostrophe within a word does not end it. */
const QUOTED_PATH = /(["'`])(?:file:\/\/)?\/([^\n]*?)\1(?!\w)/g;
/** Any other absolute path, up to its last name. It begins a word, or follows a quote, a bracket or the like. */
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
