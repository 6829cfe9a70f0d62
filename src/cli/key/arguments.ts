/** Reads the command line of `npm run key`. */
import { KEY_ID } from '../../contract/apiKey.ts';
import { ROLES, type Role } from '../../contract/principal.ts';
import { type Quotas, quotasProblem } from '../../contract/quotas.ts';
import { HELP_OPTION, parseStrictly, requireSeparator, UsageError } from '../commandLine.ts';

export type KeyCommand =
  | {
      readonly name: 'create';
      readonly owner: string;
      readonly role: Role;
      /** Milliseconds from now; undefined: the key does not expire. */
      readonly expiresInMs: number | undefined;
      /** Undefined: only the quotas of the owner hold. */
      readonly quotas: Quotas | undefined;
    }
  | { readonly name: 'list' }
  | { readonly name: 'revoke'; readonly id: string };

const OPTIONS = {
  owner: { type: 'string' },
  role: { type: 'string' },
  expires: { type: 'string' },
  quota: { type: 'string', multiple: true },
  help: HELP_OPTION,
} as const;
const LONGEST_OWNER = 200;
const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** @throws {UsageError} */
export function readArguments(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): KeyCommand | 'help' {
  requireSeparator(env, { command: 'key', usage: 'create --owner <name>', options: OPTIONS });
  const { values, positionals } = parseStrictly(args, OPTIONS);
  if (values.help) return 'help';
  const [name, id, ...rest] = positionals;
  const extra = name === 'revoke' ? rest : positionals.slice(1);
  if (extra.length > 0) throw new UsageError(`expected no further argument, got ${extra.join(' ')}`);
  if (name === 'create')
    return {
      name,
      owner: ownerIn(values.owner),
      role: roleIn(values.role),
      expiresInMs: durationIn(values.expires),
      quotas: quotasIn(values.quota),
    };
  const [option] = Object.keys(values);
  if (option !== undefined) throw new UsageError(`--${option} is an option of create only`);
  if (name === 'list') return { name };
  if (name !== 'revoke') throw new UsageError(`expected create, list or revoke, got ${name ?? 'none'}`);
  if (id === undefined || !KEY_ID.test(id))
    throw new UsageError(`revoke takes the id of a key, 12 characters of 0-9 and a-f, got ${id ?? 'none'}`);
  return { name, id };
}

function ownerIn(owner: string | undefined): string {
  if (owner === undefined || owner.length === 0 || owner.length > LONGEST_OWNER)
    throw new UsageError(
      `--owner must be a text of 1 to ${LONGEST_OWNER} characters, got ${owner ?? 'none'}`,
    );
  return owner;
}

function roleIn(text: string = 'submitter'): Role {
  const role = ROLES.find((known) => known === text);
  if (role === undefined) throw new UsageError(`--role must be one of ${ROLES.join(', ')}, got ${text}`);
  return role;
}

function durationIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, count, unit = ''] = /^([1-9][0-9]{0,5})([mhd])$/.exec(text) ?? [];
  if (count === undefined)
    throw new UsageError(`--expires must be a time such as 90d, 12h or 30m, got ${text}`);
  return Number(count) * (UNITS_MS[unit] ?? 0);
}

function quotasIn(texts: readonly string[] | undefined): Quotas | undefined {
  if (texts === undefined) return undefined;
  const quotas: Record<string, number> = {};
  for (const given of texts) {
    const [, name = '', limit] = /^(\w+)=([0-9]{1,16})$/.exec(given) ?? [];
    if (limit === undefined)
      throw new UsageError(`--quota must be a name and a limit such as tasksPerSecond=5, got ${given}`);
    if (Object.hasOwn(quotas, name)) throw new UsageError(`--quota must name ${name} once, got it twice`);
    quotas[name] = Number(limit);
  }
  const problem = quotasProblem(quotas);
  if (problem !== undefined) throw new UsageError(`--quota ${problem}`);
  if (quotas.actuals !== undefined)
    throw new UsageError('--quota cannot limit actuals: they count for the owner, see QUOTAS_FILE');
  return quotas;
}
