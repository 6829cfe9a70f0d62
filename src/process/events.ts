/**
 * Events of one part of the code. That part emits them, and does not know who listens.
 *
 * A listener runs in the turn of the event loop that emits, so it returns at once and throws nothing.
 */
export class Events<Map extends object> {
  readonly #listeners: { [K in keyof Map]?: Set<(event: Map[K]) => void> } = {};

  emit<K extends keyof Map>(name: K, event: Map[K]): void {
    const listeners = this.#listeners[name];
    if (listeners !== undefined) for (const listener of listeners) listener(event);
  }

  /** Disposing the returned value ends the listening. */
  on<K extends keyof Map>(name: K, listener: (event: Map[K]) => void): Disposable {
    this.#listeners[name] ??= new Set();
    this.#listeners[name].add(listener);
    return { [Symbol.dispose]: () => void this.#listeners[name]?.delete(listener) };
  }
}
