/** Opens the tracing of a worker or a trainer. Its libraries are loaded only where spans are exported. */
import { type Config, isTraced } from '../src/process/config.ts';
import type { WorkerTracing, WorkerTracingOptions } from '../src/tracing/workerTracing.ts';

export interface OpenTracingOptions extends WorkerTracingOptions {
  readonly config: Config;
  /** Lets it hear the events that it makes spans of. */
  readonly listen: (tracing: WorkerTracing) => readonly Disposable[];
}

export async function openTracing({ listen, ...options }: OpenTracingOptions): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  if (isTraced(options.config)) {
    const { WorkerTracing } = await import('../src/tracing/workerTracing.ts');
    const tracing = opened.use(new WorkerTracing(options));
    for (const listening of listen(tracing)) opened.use(listening);
  }
  return opened.move();
}
