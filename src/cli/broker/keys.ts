/** Makes the keys of the roles, and what the configuration of nats-server needs of them. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { accountsOf } from '../../broker/accounts.ts';
import { newSeed, publicKeyOf, publicKeysOf, type RoleSeeds } from '../../broker/roleKeys.ts';
import { BROKER_ROLES } from '../../broker/roles.ts';
import { ConfigurationError, messageOf } from '../../contract/errors.ts';
import { writePrivately } from '../../process/privateFile.ts';
import { readSmallFile } from '../../process/smallFile.ts';

const HEAD = `# The roles of Tidings at the broker, for "include" in the configuration of nats-server. It holds no secret.
# "npm run broker -- keys" writes it anew, with the keys that lie beside it.
`;

/**
 * Makes a key for each role that has none in the folder, and writes `roles.conf` for all.
 *
 * @throws {ConfigurationError} if a key that is there is damaged. Errors of the file system pass through.
 */
export async function makeKeys(folder: string, print: (text: string) => void): Promise<void> {
  await mkdir(folder, { recursive: true });
  const seeds: [string, string][] = [];
  for (const role of BROKER_ROLES) {
    const file = join(folder, `${role}.nk`);
    if (!existsSync(file)) {
      await writePrivately(file, `${newSeed()}\n`);
      print(`made ${file}`);
    }
    const seed = readSmallFile(file);
    checkSeed(seed, file);
    seeds.push([role, seed]);
  }
  const accounts = accountsOf(publicKeysOf(Object.fromEntries(seeds) as RoleSeeds));
  const file = join(folder, 'roles.conf');
  await writeFile(file, `${HEAD}accounts: ${JSON.stringify(accounts, null, 2)}\n`);
  print(`wrote ${file}`);
}

function checkSeed(seed: string, file: string): void {
  try {
    publicKeyOf(seed);
  } catch (cause) {
    throw new ConfigurationError(
      `${file} must hold the seed of an nkey, got one that is damaged (${messageOf(cause)}): delete the file to get a new key`,
      { cause },
    );
  }
}
