/**
 * The messages between gateways and workers about shadows. They go over core NATS: nothing is stored, and a message
 * without a listener is lost. So a shadow can never delay a task.
 */
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { messageOf } from '../contract/errors.ts';
import { encodeMessage } from '../contract/messages/decoder.ts';
import {
  decodeGatewayComparisons,
  decodeShadowAnswer,
  type GatewayComparisons,
  type ShadowAnswer,
  type ShadowJob,
} from '../contract/messages/shadow.ts';
import { subjects } from '../contract/subjects.ts';
import type { LimitedLog } from '../process/limitedLog.ts';
import type { Logger } from '../process/log.ts';
import type { Listening, Notices } from './notices.ts';

/** The queue group of workers: each job of a version goes to one of them. */
const QUEUE_GROUP = 'workers';
/** How long gateways have to send their comparisons. */
const COMPARISONS_WITHIN_MS = 250;

export class ShadowMessages {
  readonly #connection: NatsConnection;
  readonly #notices: Notices;
  readonly #log: Logger;
  readonly #limitedLog: LimitedLog;

  constructor({
    connection,
    notices,
    log,
    limitedLog,
  }: {
    connection: NatsConnection;
    notices: Notices;
    log: Logger;
    limitedLog: LimitedLog;
  }) {
    this.#connection = connection;
    this.#notices = notices;
    this.#log = log;
    this.#limitedLog = limitedLog;
  }

  sendJob(model: string, version: string, job: ShadowJob): void {
    this.#notices.tell(subjects.shadowJobs(model, version), encodeMessage(job));
  }

  /** Takes this worker's part of the jobs for a version. @param take gets them as they come, not decoded. */
  takeJobs(model: string, version: string, take: (data: Uint8Array) => void): Listening {
    return this.#notices.listen(subjects.shadowJobs(model, version), ({ data }) => take(data), QUEUE_GROUP);
  }

  /** @param home of the task. */
  answer(home: string, answer: ShadowAnswer): void {
    this.#notices.tell(subjects.shadowAnswers(home), encodeMessage(answer));
  }

  /** Listens to the answers to the jobs that a gateway has sent. */
  listenAnswers(home: string, listener: (answer: ShadowAnswer) => void): Listening {
    return this.#notices.listen(subjects.shadowAnswers(home), (message) =>
      listener(decodeShadowAnswer(message.data)),
    );
  }

  /** Answers gateways that ask for the comparisons of this one. @param find returns undefined if there are none. */
  answerComparisons(find: (model: string) => GatewayComparisons | undefined): Listening {
    return this.#notices.listen(subjects.comparisons, (message) => {
      const found = find(message.string());
      if (found !== undefined) message.respond(encodeMessage(found));
    });
  }

  /** The comparisons of the gateways that answer in time; none while the broker is away. */
  async askComparisons(model: string): Promise<readonly GatewayComparisons[]> {
    const told: GatewayComparisons[] = [];
    try {
      const replies = await this.#connection.requestMany(subjects.comparisons, model, {
        strategy: 'timer',
        maxWait: COMPARISONS_WITHIN_MS,
      });
      for await (const reply of replies) {
        const comparisons = this.#read(reply);
        if (comparisons !== undefined) told.push(comparisons);
      }
    } catch (error) {
      this.#log.debug({ model, reason: messageOf(error) }, 'other gateways could not be asked');
    }
    return told;
  }

  #read(reply: Msg): GatewayComparisons | undefined {
    try {
      return decodeGatewayComparisons(reply.data);
    } catch (error) {
      const fields = () => ({ reason: messageOf(error) });
      this.#limitedLog.warn('figures', fields, 'the figures of a gateway could not be read');
      return undefined;
    }
  }
}
