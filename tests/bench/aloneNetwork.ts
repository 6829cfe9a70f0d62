/** A network in ONNX Runtime alone, in this process: what Tidings is compared with. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { encodeModel } from '../../src/cli/train/onnx.ts';
import { elementsOf } from '../../src/contract/tensor.ts';
import { bytesIn, type Elements, newElements } from '../../src/models/elements.ts';
import { inputRow, type TensorNetwork } from './tensorModels.ts';

/** A row of the input, with the answer of the network to it alone. */
export interface TensorRow {
  readonly base64: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly answer: readonly number[];
}

export class AloneNetwork implements AsyncDisposable {
  readonly #session: InferenceSession;
  readonly #network: TensorNetwork;

  private constructor(session: InferenceSession, network: TensorNetwork) {
    this.#session = session;
    this.#network = network;
  }

  /** @throws ONNX Runtime's error if the provider does not work here. */
  static async open(
    network: TensorNetwork,
    provider: 'cpu' | 'cuda' | 'webgpu' = 'cpu',
  ): Promise<AloneNetwork> {
    const options = { executionProviders: [provider], intraOpNumThreads: 1 };
    return new AloneNetwork(await InferenceSession.create(encodeModel(network.graph), options), network);
  }

  async row(i: number): Promise<TensorRow> {
    const elements = inputRow(this.#network, i);
    const bytes = bytesIn(elements);
    return { base64: bytes.toBase64(), bytes, answer: await this.#answer(elements, 1) };
  }

  /** The answer to a row of ones. */
  async ones(): Promise<readonly number[]> {
    const elements = this.#elements(1);
    elements.fill((this.#network.type === 'int64' ? 1n : 1) as never);
    return this.#answer(elements, 1);
  }

  /** Rows a second in batches of a size. The first runs, in which a provider prepares itself, do not count. */
  async rate(batchSize: number, seconds: number): Promise<number> {
    const batch = this.#elements(batchSize);
    for (let i = 0; i < 3; i++) await this.#answer(batch, batchSize);
    const startedAt = performance.now();
    let rows = 0;
    for (; performance.now() - startedAt < seconds * 1_000; rows += batchSize)
      await this.#answer(batch, batchSize);
    return rows / ((performance.now() - startedAt) / 1_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }

  #elements(rows: number): Elements {
    return newElements(this.#network.type, rows * elementsOf(this.#network.rowShape));
  }

  async #answer(elements: Elements, rows: number): Promise<readonly number[]> {
    const { type, rowShape } = this.#network;
    // The types of the binding do not know `Float16Array` yet.
    const data = elements as Exclude<Elements, Float16Array>;
    const { y } = await this.#session.run({ x: new Tensor(type, data, [rows, ...rowShape]) });
    return Array.from(y?.data as Float32Array);
  }
}
