/** Opens the tracing of a worker or a trainer. Its libraries are loaded only where spans are exported. */
import { type Config, isTraced } from '../src/process/config.ts';
import type { WorkerTracing, WorkerTracingOptions } from '../src/tracing/workerTracing.ts';

/** @returns undefined if nothing is traced. */
export async function openTracing(
  options: WorkerTracingOptions & { readonly config: Config },
): Promise<WorkerTracing | undefined> {
  if (!isTraced(options.config)) return undefined;
  const { WorkerTracing } = await import('../src/tracing/workerTracing.ts');
  return new WorkerTracing(options);
}
