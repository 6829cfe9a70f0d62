/** Reads the quotas of owners from the file that `QUOTAS_FILE` names. */
import { ConfigurationError } from '../contract/errors.ts';
import { NO_QUOTAS, type Quotas, type QuotasOf, quotasProblem } from '../contract/quotas.ts';
import { isObject, readJson, shownJson } from './jsonFile.ts';

const MEMBERS = ['default', 'owners'];

/**
 * @param file undefined: no owner has quotas.
 * @throws {ConfigurationError} naming what is wrong in the file.
 */
export async function readQuotas(file: string | undefined): Promise<QuotasOf> {
  if (file === undefined) return () => NO_QUOTAS;
  const content = await readJson(file);
  if (!isObject(content) || Object.keys(content).some((name) => !MEMBERS.includes(name)))
    throw new ConfigurationError(
      `${file} must be an object with the members ${MEMBERS.join(' and ')} only, got ${shownJson(content)}`,
    );
  const { owners = {} } = content;
  if (!isObject(owners))
    throw new ConfigurationError(`owners in ${file} must be an object, got ${shownJson(owners)}`);
  const ofAll = checked(content.default ?? NO_QUOTAS, `default in ${file}`);
  const ofOwner = new Map(
    Object.entries(owners).map(([owner, quotas]) => [
      owner,
      { ...ofAll, ...checked(quotas, `owners.${owner} in ${file}`) },
    ]),
  );
  return (owner) => ofOwner.get(owner) ?? ofAll;
}

function checked(quotas: unknown, place: string): Quotas {
  const problem = quotasProblem(quotas);
  if (problem !== undefined) throw new ConfigurationError(`${place} ${problem}`);
  return quotas as Quotas;
}
