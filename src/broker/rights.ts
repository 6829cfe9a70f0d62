/**
 * What the broker lets this process do. It is asked, not tried: an attempt that is forbidden would be in the log of the
 * broker like one of a stranger.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { subjects } from '../contract/subjects.ts';

/** The part of nats-server's answer that is read. A user without `permissions` may do everything. */
interface UserInfo {
  readonly data?: {
    readonly permissions?: { readonly publish?: { readonly allow?: string[]; readonly deny?: string[] } };
  };
}

const TIMEOUT_MS = 2_000;
const MAKES_STREAMS = '$JS.API.STREAM.CREATE.ENDS';

export class Rights {
  readonly #connection: Pick<NatsConnection, 'request'>;
  #mayMakeStreams = true;
  /** What it may publish; undefined: everything. */
  #allowed: readonly string[] | undefined;

  constructor(connection: Pick<NatsConnection, 'request'>) {
    this.#connection = connection;
  }

  /** Whether it may make, change and delete streams and consumers, as `read` found last. */
  get mayMakeStreams(): boolean {
    return this.#mayMakeStreams;
  }

  /** Whether a right of it begins with that prefix, so that it has been given for it and not for everything. */
  names(prefix: string): boolean {
    return this.#allowed?.some((pattern) => pattern.startsWith(`${prefix}.`)) === true;
  }

  /** Asks the broker. If it does not answer this question, the process may try everything. */
  async read(): Promise<void> {
    const info = await this.#connection.request(subjects.ownRights, '', { timeout: TIMEOUT_MS }).then(
      (reply) => reply.json<UserInfo>(),
      (): UserInfo => ({}),
    );
    this.#mayMakeStreams = mayPublish(info, MAKES_STREAMS);
    this.#allowed = info.data?.permissions?.publish?.allow;
  }
}

function mayPublish({ data }: UserInfo, subject: string): boolean {
  const { allow, deny = [] } = data?.permissions?.publish ?? {};
  const covers = (pattern: string) => isCovered(subject.split('.'), pattern.split('.'));
  return (allow === undefined || allow.some(covers)) && !deny.some(covers);
}

function isCovered(subject: readonly string[], pattern: readonly string[]): boolean {
  const open = pattern.at(-1) === '>';
  const fixed = open ? pattern.slice(0, -1) : pattern;
  const hasLength = open ? subject.length > fixed.length : subject.length === fixed.length;
  return hasLength && fixed.every((token, i) => token === '*' || token === subject[i]);
}
