/**
 * What processes tell each other beside the streams: which workers live, what runs. Core NATS: a notice is not stored,
 * may be lost, and reaches only the processes that listen at that moment.
 */
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { brokerUnavailable, messageOf } from '../contract/errors.ts';
import { encodeMessage } from '../contract/messages/decoder.ts';
import { decodeFigures, type Figures, ProcessRole } from '../contract/messages/figures.ts';
import {
  decodeMovedNotice,
  decodePresentState,
  decodeQueuedNotice,
  decodeRunningNotice,
  decodeUpdatesWanted,
  decodeUsedNotice,
  type MovedNotice,
  type QueuedNotice,
  type RunningNotice,
  type UsedNotice,
} from '../contract/messages/notices.ts';
import {
  decodeWorkerLeft,
  decodeWorkerPresence,
  PRESENCE_INTERVAL_MS,
  type WorkerPresence,
} from '../contract/messages/presence.ts';
import { subjects } from '../contract/subjects.ts';
import type { Task } from '../contract/task.ts';
import type { TaskAddress } from '../contract/taskId.ts';
import type { LimitedLog } from '../process/limitedLog.ts';
import type { ConsumedLane } from './streams.ts';

/** Stops listening when disposed. */
export type Listening = Disposable;

/** The regular announcement of a worker, until it is disposed. */
export interface Announcement extends Listening {
  /** Announces the worker once more now, after a change. */
  repeat(): void;
}

const PRESENT_STATE_TIMEOUT_MS = 250;
/** The answer of a home that does not follow the task, or no longer. */
const UNKNOWN_TASK = '{}';

export class Notices {
  readonly #connection: NatsConnection;
  readonly #isConnected: () => boolean;
  readonly #log: LimitedLog;

  constructor({
    connection,
    isConnected,
    log,
  }: {
    connection: NatsConnection;
    isConnected: () => boolean;
    log: LimitedLog;
  }) {
    this.#connection = connection;
    this.#isConnected = isConnected;
    this.#log = log;
  }

  /**
   * Calls `listener` with every message of a subject. A message on which it throws is logged and dropped.
   *
   * @param queue a group of listeners of which one gets each message; undefined: every listener gets every message.
   */
  listen(subject: string, listener: (message: Msg) => void, queue?: string): Listening {
    const subscription = this.#connection.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (problem, message) => {
        try {
          if (problem !== null) throw problem;
          listener(message);
        } catch (error) {
          this.#cannotRead(problem === null ? message.subject : subject, error);
        }
      },
    });
    return {
      [Symbol.dispose]: () => {
        if (!subscription.isClosed()) subscription.unsubscribe();
      },
    };
  }

  /** The same; resolves once the broker listens. @throws {RequestError} `BROKER_UNAVAILABLE`. */
  async listenNow(subject: string, listener: (message: Msg) => void): Promise<Listening> {
    // Without a connection, a flush would wait for the reconnect.
    if (!this.#isConnected()) throw brokerUnavailable('it is not connected');
    const listening = this.listen(subject, listener);
    try {
      await this.#connection.flush();
      return listening;
    } catch (error) {
      listening[Symbol.dispose]();
      throw brokerUnavailable(messageOf(error), error);
    }
  }

  /** Listens to which tasks of a gateway run: that gateway always does, others while they follow such a task. */
  listenRunning(home: string, listener: (notice: RunningNotice) => void): Listening {
    return this.listen(subjects.running(home), (message) => listener(decodeRunningNotice(message.data)));
  }

  announceRunning(home: string, notice: RunningNotice): void {
    this.tell(subjects.running(home), encodeMessage(notice));
  }

  /** Listens to which queued tasks of a gateway are another version's now. */
  listenMoved(home: string, listener: (notice: MovedNotice) => void): Listening {
    return this.listen(subjects.moved(home), (message) => listener(decodeMovedNotice(message.data)));
  }

  announceMoved(home: string, notice: MovedNotice): void {
    this.tell(subjects.moved(home), encodeMessage(notice));
  }

  /** Listens to which gateways have clients that watch each change of a task. Each repeats it while it has some. */
  listenUpdatesWanted(listener: (home: string) => void): Listening {
    return this.listen(subjects.updatesWanted, ({ data }) => listener(decodeUpdatesWanted(data).home));
  }

  wantUpdates(home: string): void {
    this.tell(subjects.updatesWanted, encodeMessage({ home }));
  }

  /** Listens to how many unfinished jobs each gateway has accepted, this one included. */
  listenQueued(listener: (notice: QueuedNotice) => void): Listening {
    return this.listen(subjects.queuedJobs, (message) => listener(decodeQueuedNotice(message.data)));
  }

  announceQueued(notice: QueuedNotice): void {
    this.tell(subjects.queuedJobs, encodeMessage(notice));
  }

  /** Listens to what owners use of each gateway, this one included. */
  listenUsed(listener: (notice: UsedNotice) => void): Listening {
    return this.listen(subjects.used, (message) => listener(decodeUsedNotice(message.data)));
  }

  announceUsed(notice: UsedNotice): void {
    this.tell(subjects.used, encodeMessage(notice));
  }

  /** Listens to gateways whose tasks should run by now. @param listener gets the subject, which names the lane. */
  listenNudges(listener: (subject: string) => void): Listening {
    return this.listen(subjects.allNudges, ({ subject }) => listener(subject));
  }

  nudge(lane: ConsumedLane): void {
    this.tell(subjects.nudge(lane), '');
  }

  /** Answers other gateways that ask for the present state of a task that this one accepted. */
  answerPresentState(home: string, find: (id: string) => Task | undefined): Listening {
    return this.listen(subjects.presentState(home), (message) => {
      const task = find(message.string());
      message.respond(task === undefined ? UNKNOWN_TASK : encodeMessage(task));
    });
  }

  /**
   * @param queued the task as its stored job tells it.
   * @returns the present state as its home gateway knows it; undefined if that gateway is gone, has forgotten the task,
   *   or gives an answer that cannot be read.
   */
  async askPresentState({ id, home }: TaskAddress, queued: Task): Promise<Task | undefined> {
    const subject = subjects.presentState(home);
    const timeout = PRESENT_STATE_TIMEOUT_MS;
    const reply = await this.#connection.request(subject, id, { timeout }).catch(() => undefined);
    if (reply === undefined || reply.string() === UNKNOWN_TASK) return undefined;
    try {
      return decodePresentState(reply.data, queued);
    } catch (error) {
      this.#cannotRead(subject, error);
      return undefined;
    }
  }

  /**
   * Tells gateways what this worker serves: at once, regularly, and whenever a gateway asks. Disposing announces its
   * end.
   *
   * @param presence is called each time.
   */
  announceWorker(presence: () => WorkerPresence): Announcement {
    const announce = () => this.tell(subjects.workerPresence, encodeMessage(presence()));
    const asked = this.listen(subjects.askWorkers, announce);
    const timer = setInterval(announce, PRESENCE_INTERVAL_MS).unref();
    announce();
    return {
      repeat: announce,
      [Symbol.dispose]: () => {
        clearInterval(timer);
        asked[Symbol.dispose]();
        this.tell(subjects.workerLeft, encodeMessage({ id: presence().id }));
      },
    };
  }

  /** Listens to workers, and asks those that live already to announce themselves at once. */
  listenWorkers({
    present,
    left,
  }: {
    present: (presence: WorkerPresence) => void;
    left: (id: string) => void;
  }): Listening {
    const stack = new DisposableStack();
    stack.use(this.listen(subjects.workerPresence, (message) => present(decodeWorkerPresence(message.data))));
    stack.use(this.listen(subjects.workerLeft, (message) => left(decodeWorkerLeft(message.data).id)));
    this.askWorkers();
    return stack;
  }

  /** Asks all workers to announce themselves at once. */
  askWorkers(): void {
    this.tell(subjects.askWorkers, '');
  }

  /** Answers gateways that ask for the figures of all processes. */
  listenFigureQuestions(answer: () => void): Listening {
    return this.listen(subjects.askFigures, answer);
  }

  tellFigures(figures: Figures): void {
    const { role, ...told } = figures;
    this.tell(subjects.figures(role), encodeMessage(told));
  }

  /** Listens to the answers, also to those that other gateways have asked for. */
  listenFigures(listener: (figures: Figures) => void): Listening {
    const listening = new DisposableStack();
    for (const role of Object.values(ProcessRole)) {
      const hear = ({ data }: Msg) => listener({ ...decodeFigures(data), role });
      listening.use(this.listen(subjects.figures(role), hear));
    }
    return listening;
  }

  askFigures(): void {
    this.tell(subjects.askFigures, '');
  }

  /** Sends a notice. While disconnected it is dropped, because it would be outdated later. */
  tell(subject: string, payload: string): void {
    if (this.#isConnected()) this.#connection.publish(subject, payload);
  }

  #cannotRead(subject: string, error: unknown): void {
    const fields = () => ({ reason: messageOf(error), subject });
    // Its first part is one of ours: nothing else is listened to.
    this.#log.warn(subject.split('.', 1)[0] ?? '', fields, 'a message from the broker could not be read');
  }
}
