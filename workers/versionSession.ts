/**
 * The session that a served version has at the moment. It is replaced when the content of the version's folder changes.
 */
import type { Host } from './host.ts';
import type { HeldSession, HoldOptions, Session, SessionLost } from './session.ts';

export interface VersionSessionOptions {
  readonly session: Session;
  /** Called when the session that the version has at that moment is lost. */
  readonly onLost: (lost: SessionLost) => void;
}

export class VersionSession implements AsyncDisposable {
  readonly #onLost: VersionSessionOptions['onLost'];
  #session: Session;

  constructor({ session, onLost }: VersionSessionOptions) {
    this.#onLost = onLost;
    this.#session = session;
    this.#hearLoss(session);
  }

  get present(): Session {
    return this.#session;
  }

  /** As `Session.started`. */
  started(): Promise<void> {
    return this.#session.started();
  }

  /** As `Session.hold`. */
  hold(options?: HoldOptions): Promise<HeldSession> {
    return this.#session.hold(options);
  }

  /** As `Session.sharedHost`. */
  get sharedHost(): Host | undefined {
    return this.#session.sharedHost;
  }

  /** Runs that go on end on the former session, which is then closed. */
  async replace(session: Session): Promise<void> {
    const former = this.#session;
    this.#session = session;
    this.#hearLoss(session);
    await former[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  #hearLoss(session: Session): void {
    // Heard before a job meets it: no job then waits for the end of its lease.
    void session.lost.then((lost) => {
      if (this.#session === session) this.#onLost(lost);
    });
  }
}
