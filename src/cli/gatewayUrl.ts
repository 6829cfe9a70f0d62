/** Which gateway a command asks. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GATEWAY_URL_FILE } from '../process/runningSystem.ts';
import { readUrl } from './values.ts';

/**
 * @param asked `--url`, if it is given.
 * @param environment PORT names the port on this machine, DATA_DIR the folder of its `npm start`.
 * @throws {UsageError}
 */
export function gatewayUrl(
  asked: string | undefined,
  { PORT, DATA_DIR }: Readonly<Record<string, string | undefined>>,
): URL {
  if (asked !== undefined) return readUrl(asked);
  if (PORT) return readUrl(`http://127.0.0.1:${PORT}`);
  return readUrl(addressIn(DATA_DIR || '.data') ?? 'http://127.0.0.1:4000');
}

/** @returns undefined if there is none, or if it cannot be read. */
function addressIn(dataDir: string): string | undefined {
  try {
    const address = readFileSync(join(dataDir, GATEWAY_URL_FILE), 'utf8').trim();
    return URL.canParse(address) ? address : undefined;
  } catch {
    return undefined;
  }
}
