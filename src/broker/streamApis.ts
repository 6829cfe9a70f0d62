/**
 * Where the streams are asked for. At a broker with roles the streams of API keys and of the audit are in the account of
 * the admin (accounts.ts), and a process asks for those of another account under another prefix. At other brokers all
 * are in one account.
 */
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { streams } from '../contract/subjects.ts';
import type { Rights } from './rights.ts';

export const OWN_API = '$JS.API';
/** In the account of gateways and workers, and of observers: the API of the account of the admin. */
export const ADMIN_API = '$JS.TIDINGS_ADMIN.API';
/** In the account of the admin: the API of the account of gateways and workers. */
export const TASKS_API = '$JS.TIDINGS.API';

/** The streams that no reply to a gateway, worker or observer may reach. */
export const GUARDED_STREAMS: readonly string[] = [streams.keys, streams.audit];

const TIMEOUT_MS = 2_000;

interface Managers {
  readonly own: JetStreamManager;
  readonly ofAdmin: JetStreamManager;
  readonly ofTasks: JetStreamManager;
}

export class StreamApis {
  readonly #rights: Pick<Rights, 'names'>;
  readonly #managers: Managers;

  private constructor(rights: Pick<Rights, 'names'>, managers: Managers) {
    this.#rights = rights;
    this.#managers = managers;
  }

  /** It asks the broker nothing. @param rights as they are at each question: a broker may get roles later. */
  static async open(connection: NatsConnection, rights: Pick<Rights, 'names'>): Promise<StreamApis> {
    const managerAt = (apiPrefix: string) =>
      jetstreamManager(connection, { apiPrefix, timeout: TIMEOUT_MS, checkAPI: false });
    return new StreamApis(rights, {
      own: await managerAt(OWN_API),
      ofAdmin: await managerAt(ADMIN_API),
      ofTasks: await managerAt(TASKS_API),
    });
  }

  /** Of the streams of tasks. */
  get tasks(): JetStreamManager {
    return this.#rights.names(TASKS_API) ? this.#managers.ofTasks : this.#managers.own;
  }

  /** Of the streams of API keys and of the audit. */
  get guarded(): JetStreamManager {
    return this.#rights.names(ADMIN_API) ? this.#managers.ofAdmin : this.#managers.own;
  }

  of(stream: string): JetStreamManager {
    return GUARDED_STREAMS.includes(stream) ? this.guarded : this.tasks;
  }

  /** Each once. */
  get all(): readonly JetStreamManager[] {
    return [...new Set([this.tasks, this.guarded])];
  }
}
