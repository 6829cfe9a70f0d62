/** What the processes of pg-boss share: names, the connection, and the part of its API that they use. */
import { loadPackage } from './packages.ts';

export const PG_BOSS_QUEUE = 'trips';
export const RESULTS_CHANNEL = 'trip_results';

interface Database {
  executeSql(text: string, values?: readonly unknown[]): Promise<unknown>;
  listen(channel: string, heard: (payload: string) => void, reconnected: () => void): Promise<unknown>;
}

interface Job<Data> {
  readonly id: string;
  readonly data: Data;
}

export interface Boss {
  start(): Promise<unknown>;
  on(event: 'error', listener: (error: Error) => void): void;
  createQueue(name: string, options: object): Promise<void>;
  insert(name: string, jobs: readonly Job<object>[]): Promise<unknown>;
  work<Data>(
    name: string,
    options: object,
    handler: (jobs: readonly Job<Data>[]) => Promise<void>,
  ): Promise<string>;
  getDb(): Database;
}

export async function startBoss(): Promise<Boss> {
  const { PgBoss } = loadPackage<{ readonly PgBoss: new (options: object) => Boss }>('pg-boss');
  const boss = new PgBoss({
    host: '127.0.0.1',
    port: Number(process.env.PEER_PORT),
    user: 'postgres',
    database: 'postgres',
    useListenNotify: true,
  });
  boss.on('error', (error) => console.error(error));
  await boss.start();
  return boss;
}
