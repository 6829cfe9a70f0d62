/** What a trainer counts of its steps. It listens to their events. */
import type { Counter, Histogram, Metrics, Series } from '../../src/metrics/metrics.ts';
import type { StepEvents } from './stepEvents.ts';

export interface StepMetricsOptions {
  readonly metrics: Metrics;
  readonly events: Pick<StepEvents, 'on'>;
}

const MS = 1_000;
const SECONDS = [0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 14400, 43200];

export class StepMetrics implements Disposable {
  readonly ended: Series<readonly ['model', 'step', 'outcome'], Counter>;
  readonly seconds: Series<readonly ['model', 'step'], Histogram>;
  readonly #listening = new DisposableStack();
  #running = 0;

  constructor({ metrics, events }: StepMetricsOptions) {
    this.ended = metrics.counter({
      name: 'tidings_steps_ended_total',
      help: 'Tries of steps that are over: done, failed, stopped or lost.',
      labels: ['model', 'step', 'outcome'],
    });
    this.seconds = metrics.histogram({
      name: 'tidings_step_duration_seconds',
      help: 'How long a try of a step took.',
      labels: ['model', 'step'],
      bounds: SECONDS,
    });
    metrics.gauge({ name: 'tidings_steps_running', help: 'Steps that go on now.', labels: [] }, () => [
      [[], this.#running],
    ]);
    this.#listening.use(
      events.on('begun', ({ model, step }) => {
        this.#running++;
        // A counter that begins at 0 shows its first event as an increase.
        for (const outcome of ['failed', 'lost']) this.ended.of(model, step, outcome);
      }),
    );
    this.#listening.use(
      events.on('over', ({ job: { model, step }, outcome, startedAt, endedAt }) => {
        this.#running--;
        this.ended.of(model, step, outcome).add();
        this.seconds.of(model, step).observe((endedAt - startedAt) / MS);
      }),
    );
  }

  [Symbol.dispose](): void {
    this.#listening[Symbol.dispose]();
  }
}
