/** Gateways whose clients say who they are, see `ownerHeader.js`, and what such clients send. */
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Quotas } from '../../src/contract/quotas.ts';
import { type Answer, PREDICT_TRIP, post } from './client.ts';
import type { NatsServer } from './natsServer.ts';
import { tripNumber } from './predictDirectly.ts';
import { type Gateway, startGateway } from './processes.ts';

export const OWNER_HEADER = { NODE_OPTIONS: `--import=${join(import.meta.dirname, 'ownerHeader.js')}` };

export const as = (owner: string) => ({ 'x-owner': owner });

/** Gateways that know these quotas. */
export async function startGatewaysWith(
  nats: NatsServer,
  owners: Readonly<Record<string, Quotas>>,
  count = 1,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly gateways: readonly Gateway[] } & AsyncDisposable> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-quotas-'));
  started.defer(() => folder.remove());
  const file = join(folder.path, 'quotas.json');
  await writeFile(file, JSON.stringify({ owners }));
  const all = { ...OWNER_HEADER, QUOTAS_FILE: file, ...env };
  const gateways = await Promise.all(
    Array.from({ length: count }, async () => started.use(await startGateway(nats, all))),
  );
  const stopping = started.move();
  return { gateways, [Symbol.asyncDispose]: () => stopping.disposeAsync() };
}

/** Submits a trip as an owner. It does not expire during a test. */
export function submitAs(
  owner: string,
  url: string,
  i = 0,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Answer> {
  const variables = { input: tripNumber(i), options: { timeoutMs: 300_000, ...options } };
  return post(url, PREDICT_TRIP, variables, as(owner));
}

/** The code of the only error; undefined without an error. */
export function codeIn({ errors }: Answer): string | undefined {
  return errors?.[0]?.extensions.code;
}
