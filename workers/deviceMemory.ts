/**
 * The memory of the GPU that sessions use, as NVIDIA's driver tells it. All that is in use on the GPU counts, whichever
 * program has it: in a container the driver does not tell who that is, and what matters is that the GPU is not full.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf } from '../src/contract/errors.ts';
import type { Config } from '../src/process/config.ts';
import type { Logger } from '../src/process/log.ts';
import { OutOfBudget } from './sessionMemory.ts';

/** Tells the memory that is in use on a GPU, in MiB. */
export type DeviceProbe = (device: string) => Promise<number>;

export interface DeviceMemoryOptions {
  /** The number or id of the GPU, in the order of the PCI bus. */
  readonly device: string;
  /** The most memory in use once a version is loaded; 0: no limit. */
  readonly limitMib: number;
  readonly log: Logger;
  /** @default nvidia-smi */
  readonly probe?: DeviceProbe;
}

const CUDA = 'cuda';
const PROBE_TIMEOUT_MS = 10_000;

export class DeviceMemory {
  readonly device: string;
  readonly #limitMib: number;
  readonly #log: Logger;
  readonly #probe: DeviceProbe;
  #hasFailed = false;

  constructor({ device, limitMib, log, probe = askDriver }: DeviceMemoryOptions) {
    this.device = device;
    this.#limitMib = limitMib;
    this.#log = log;
    this.#probe = probe;
  }

  /** @returns undefined if the configuration names no GPU of NVIDIA: then there is nothing to measure. */
  static of(config: DeviceConfig, log: Logger): DeviceMemory | undefined {
    if (!config.executionProviders.includes(CUDA)) return undefined;
    // ONNX Runtime takes the first GPU that it sees.
    const [device = '0'] = (config.cudaVisibleDevices ?? '0').split(',');
    return new DeviceMemory({ device, limitMib: config.gpuMemoryMib, log });
  }

  /** @returns undefined if it cannot be measured. This is logged once. */
  async usedMib(): Promise<number | undefined> {
    try {
      return await this.#probe(this.device);
    } catch (error) {
      const consequence = this.#limitMib > 0 ? 'GPU_MEMORY_MIB is not kept' : 'it is not shown';
      if (!this.#hasFailed)
        this.#log.warn({ reason: messageOf(error), consequence }, 'the memory of the GPU cannot be measured');
      this.#hasFailed = true;
      return undefined;
    }
  }

  /**
   * @param before what was in use before the version was loaded.
   * @param provider of the loaded version.
   * @returns what is in use more now; undefined if the version is not on the GPU, or the memory cannot be measured.
   * @throws {OutOfBudget} if more is in use than the limit.
   */
  async takenSince(before: number | undefined, provider: string): Promise<number | undefined> {
    if (provider !== CUDA) return undefined;
    const used = await this.usedMib();
    if (used === undefined || before === undefined) return undefined;
    const takenMib = Math.max(0, used - before);
    if (this.#limitMib > 0 && used > this.#limitMib)
      throw new OutOfBudget(
        `it takes ${takenMib} MiB of GPU ${this.device}, of which ${used} MiB are in use then, where GPU_MEMORY_MIB allows ${this.#limitMib} MiB`,
      );
    return takenMib;
  }
}

type DeviceConfig = Pick<Config, 'executionProviders' | 'cudaVisibleDevices' | 'gpuMemoryMib'>;

async function askDriver(device: string): Promise<number> {
  const query = ['--query-gpu=memory.used', '--format=csv,noheader,nounits', `--id=${device}`];
  const { stdout } = await promisify(execFile)('nvidia-smi', query, { timeout: PROBE_TIMEOUT_MS });
  const used = Number(stdout.trim());
  if (stdout.trim() === '' || !Number.isInteger(used))
    throw new Error(`nvidia-smi must tell MiB, got ${JSON.stringify(stdout.slice(0, 100))}`);
  return used;
}
