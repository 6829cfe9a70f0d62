/** Runs the rows of a chunk, some at a time, so that other lanes get the session between two runs. */
import { messageOf } from '../src/contract/errors.ts';
import type { ChunkResult } from '../src/contract/messages/chunkResult.ts';
import { rowOf } from '../src/models/inputColumns.ts';
import type { Chunk, WorkerOptions } from './assignment.ts';
import { ChunkRows } from './chunkRows.ts';
import { refuseForeign, runAlone, runColumns } from './run.ts';
import { decodeColumns, encodeColumns } from './runtimes/onnx/encoder.ts';
import { SessionCrashed } from './runtimes/onnx/sessionProcess.ts';

/** Time between two notices about a chunk. */
const TELL_EVERY_MS = 100;

/** Why a chunk was not run to its last row. */
export type Unfinished = 'expired' | 'stopping';

export class ChunkRun {
  readonly #chunk: Chunk;
  readonly #soloRuns: ReadonlyMap<number, number>;
  readonly #options: WorkerOptions;
  readonly #rows: ChunkRows;
  #startedAt: number | undefined;
  #toldAt = Number.NEGATIVE_INFINITY;

  /** @param soloRuns how often each suspected row has run alone, by its index in the row batch. */
  constructor(chunk: Chunk, soloRuns: ReadonlyMap<number, number>, options: WorkerOptions) {
    this.#chunk = chunk;
    this.#soloRuns = soloRuns;
    this.#options = options;
    this.#rows = new ChunkRows(options.manifest, chunk.firstRow, chunk.rowCount);
  }

  /** @throws errors that are no row's fault, such as a lost session. */
  async run(): Promise<ChunkResult | Unfinished> {
    const { job, rowCount, firstRow } = this.#chunk;
    const { broker, manifest } = this.#options;
    const isSuspect = (row: number) => this.#soloRuns.has(firstRow + row);
    const all = Array.from({ length: rowCount }, (_, row) => row);
    const { fresh = [], suspects = [] } = Object.groupBy(all, (row) =>
      isSuspect(row) ? 'suspects' : 'fresh',
    );
    const size = manifest.batching.maxBulkBatchSize;
    for (let i = 0; i < fresh.length; i += size) {
      const unfinished = this.#unfinished() ?? (await this.#runTogether(fresh.slice(i, i + size)));
      if (unfinished !== undefined) return unfinished;
    }
    // Suspected rows run last and one by one, because each may kill the session's process.
    for (const row of suspects) {
      const unfinished = this.#unfinished() ?? (await this.#runAlone(row, true));
      if (unfinished !== undefined) return unfinished;
    }
    this.#tell();
    return this.#rows.result(job, this.#startedAt ?? broker.now(), broker.now());
  }

  #unfinished(): Unfinished | undefined {
    if (this.#chunk.job.deadline <= this.#options.broker.now()) return 'expired';
    return this.#options.source.isStopping ? 'stopping' : undefined;
  }

  async #runTogether(rows: readonly number[]): Promise<Unfinished | undefined> {
    const { manifest, log } = this.#options;
    const { columns, job } = this.#chunk;
    const encoded = encodeColumns(manifest, (name) => rows.map((row) => columns[name]?.[row]));
    try {
      const { outputs } = await runColumns(encoded, rows.length, this.#options, (startedAt) =>
        this.#started(startedAt),
      );
      this.#rows.addRun(rows, decodeColumns(manifest, outputs, rows.length));
    } catch (error) {
      refuseForeign(error);
      log.warn(
        { taskId: job.taskId, chunk: job.chunk, batchSize: rows.length, reason: messageOf(error) },
        'run failed, running its rows alone',
      );
      for (const row of rows) {
        const unfinished = this.#unfinished() ?? (await this.#runAlone(row, error instanceof SessionCrashed));
        if (unfinished !== undefined) return unfinished;
      }
    }
    this.#tellNowAndThen();
    return undefined;
  }

  async #runAlone(row: number, suspect: boolean): Promise<Unfinished | undefined> {
    const { job, address, columns, firstRow, attempts } = this.#chunk;
    const { taskId, deadline, chunk } = job;
    const place = { chunk, row: firstRow + row };
    const outcome = await runAlone(
      {
        job: { taskId, deadline, input: rowOf(columns, row) },
        address,
        place,
        attempts,
        suspect,
        soloRuns: this.#soloRuns.get(place.row) ?? 0,
      },
      this.#options,
    );
    if (outcome === 'expired') return 'expired';
    this.#startedAt ??= outcome.run.startedAt;
    if ('prediction' in outcome) this.#rows.addPrediction(row, outcome.prediction);
    else this.#rows.addError(row, outcome.error);
    this.#tellNowAndThen();
    return undefined;
  }

  #started(startedAt: number): void {
    this.#startedAt ??= startedAt;
    this.#tellNowAndThen();
  }

  #tellNowAndThen(): void {
    if (performance.now() - this.#toldAt >= TELL_EVERY_MS) this.#tell();
  }

  /** Tells the gateways how far the chunk is. */
  #tell(): void {
    const { job, address, attempts } = this.#chunk;
    this.#toldAt = performance.now();
    this.#options.broker.notices.announceRunning(address.home, {
      taskIds: [job.taskId],
      startedAt: this.#startedAt ?? this.#options.broker.now(),
      attempts: [attempts],
      progress: { chunk: job.chunk, rowsDone: this.#rows.rowsDone, rowsFailed: this.#rows.rowsFailed },
    });
  }
}
