/** Reads `PERSISTED_OPERATIONS`: the operations of a front end, as its build writes them, by their ids. */
import { ConfigurationError, messageOf } from '../contract/errors.ts';
import type { Config } from '../process/config.ts';
import { isObject, readJson, shownJson } from '../process/jsonFile.ts';
import type { Logger } from '../process/log.ts';
import type { Operations } from './operations.ts';

const FILE_MAX_BYTES = 16 * 1024 * 1024;
/** The most faulty operations that are logged one by one. */
const TOLD = 10;

type PersistedConfig = Pick<Config, 'persistedOperations' | 'persistedOperationsOnly'>;

/**
 * @returns texts by their ids; undefined if no file is set.
 * @throws {ConfigurationError} if the file cannot be read, or has another form.
 */
export async function readTrustedOperations({
  persistedOperations: file,
  persistedOperationsOnly: isOnly,
}: PersistedConfig): Promise<ReadonlyMap<string, string> | undefined> {
  if (file === undefined) {
    if (!isOnly) return undefined;
    throw new ConfigurationError(
      'PERSISTED_OPERATIONS must name the file of operations if PERSISTED_OPERATIONS_ONLY is true, got none',
    );
  }
  const content = await readJson(file, FILE_MAX_BYTES);
  const entries = entriesOf(content);
  const wrong = entries?.find(([id, text]) => typeof id !== 'string' || typeof text !== 'string' || !text);
  if (entries === undefined || wrong !== undefined)
    throw new ConfigurationError(
      `PERSISTED_OPERATIONS must name a JSON object of ids and texts, as Relay and graphql-codegen write it, or a manifest of Apollo (format "apollo-persisted-query-manifest"); ${file} has ${shownJson(wrong ?? content)}`,
    );
  return new Map(entries as readonly (readonly [string, string])[]);
}

function entriesOf(content: unknown): readonly (readonly [unknown, unknown])[] | undefined {
  if (!isObject(content)) return undefined;
  if (content.format !== 'apollo-persisted-query-manifest') return Object.entries(content);
  if (!Array.isArray(content.operations)) return undefined;
  return content.operations.map((operation) => [Object(operation).id, Object(operation).body]);
}

/**
 * Warns of operations that this gateway would refuse. It starts all the same: the file may be that of a front end which
 * is newer or older.
 */
export function warnOfFaulty(
  trusted: ReadonlyMap<string, string>,
  operations: Operations,
  log: Logger,
): void {
  const faulty = [...trusted].flatMap(([id, text]) => {
    const reason = faultOf(text, operations);
    return reason === undefined ? [] : [{ id, reason }];
  });
  if (faulty.length > 0)
    log.warn(
      { count: faulty.length, of: trusted.size, first: faulty.slice(0, TOLD) },
      'operations of PERSISTED_OPERATIONS do not fit the schema or the limits of this gateway, and will be refused',
    );
}

function faultOf(text: string, operations: Operations): string | undefined {
  try {
    return operations.read(text).errors[0]?.message;
  } catch (error) {
    return messageOf(error);
  }
}
