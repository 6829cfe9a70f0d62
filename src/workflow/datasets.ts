/** Lists datasets, and checks what a client wants to add. */
import type { Broker, DatasetFilter, StoredDataset } from '../broker/broker.ts';
import type { Artifacts } from '../contract/artifact.ts';
import { isDigest } from '../contract/blob.ts';
import { LONGEST_LIST } from '../contract/bounds.ts';
import { DATASET_NAME, datasetDigest, isDataFileName } from '../contract/dataset.ts';
import { badValue, quoted } from '../contract/errors.ts';
import type { DatasetRecord } from '../contract/messages/datasetRecord.ts';
import type { Owner } from '../contract/owner.ts';
import { type DataFile, DataPlace, type DatasetAsk } from '../contract/work.ts';
import type { Manifest } from '../models/manifest.ts';
import { Turns } from '../tasks/turns.ts';

export interface DatasetRequest {
  readonly name: string;
  readonly files: readonly Pick<DataFile, 'name' | 'sha256'>[];
}

/** Which page of the datasets is wanted. */
export interface DatasetPageWish extends DatasetFilter {
  /** The client's. */
  readonly owner: Owner;
  /** 1 to `MAX_DATASETS_PAGE`. */
  readonly first: number;
  /** A cursor (`datasetCursorOf`). */
  readonly after: string | undefined;
}

export interface DatasetPage {
  readonly datasets: readonly StoredDataset[];
  /** The cursor after which the page begins. */
  readonly after: string | undefined;
  readonly hasNextPage: boolean;
}

export const MAX_DATASETS_PAGE = 100;
const CURSOR = /^[1-9][0-9]{0,14}$/;

export class GatewayDatasets {
  readonly #store: Pick<Broker['datasets'], 'before' | 'find'>;
  readonly #artifacts: Pick<Artifacts, 'find'>;
  /** A page has up to 16 MiB of reports in hand. */
  readonly #turns = new Turns({ what: 'pages of datasets', atOnce: 2, waiting: 500 });

  constructor({
    store,
    artifacts,
  }: {
    readonly store: Pick<Broker['datasets'], 'before' | 'find'>;
    readonly artifacts: Pick<Artifacts, 'find'>;
  }) {
    this.#store = store;
    this.#artifacts = artifacts;
  }

  /** @throws {RequestError} `BROKER_UNAVAILABLE`. */
  find(name: string, digest: string): Promise<DatasetRecord | undefined> {
    return this.#store.find(name, digest);
  }

  /** A page of datasets, newest check first. @throws {RequestError} `BAD_USER_INPUT`, `GATEWAY_BUSY`, `BROKER_UNAVAILABLE`. */
  async page({ owner, first, after, ...filter }: DatasetPageWish): Promise<DatasetPage> {
    if (first < 1 || first > MAX_DATASETS_PAGE)
      throw badValue('first', `from 1 to ${MAX_DATASETS_PAGE}`, String(first));
    if (after !== undefined && !CURSOR.test(after))
      throw badValue('after', 'a cursor of an earlier page', quoted(after));
    const end = after === undefined ? Number.MAX_SAFE_INTEGER : Number(after);
    return this.#turns.take(owner, 1, async () => {
      const { found, isCut } = await this.#store.before(end, first + 1, filter);
      return { datasets: found.slice(0, first), after, hasNextPage: isCut || found.length > first };
    });
  }

  /**
   * Checks what a client wants to add. A file that was not uploaded must be in the folder of the trainers, which gateways
   * do not see: the check of the dataset finds it there, or says so.
   *
   * @throws {RequestError} `BAD_USER_INPUT` naming the first member that is wrong; `BROKER_UNAVAILABLE`.
   */
  async ask({ name, files }: DatasetRequest, { training, name: model }: Manifest): Promise<DatasetAsk> {
    if (training === undefined)
      throw badValue('model', 'a model whose model.json says how it is trained (training)', quoted(model));
    if (!DATASET_NAME.test(name))
      throw badValue('name', 'lower-case letters, digits, - and _, 63 at most', quoted(name));
    if (files.length === 0 || files.length > LONGEST_LIST)
      throw badValue('files', `a list of 1 to ${LONGEST_LIST}`, `${files.length} entries`);
    for (const [i, file] of files.entries()) requireFile(file, i, files);
    const found: DataFile[] = [];
    for (const file of files) {
      const stored = await this.#artifacts.find(file.sha256);
      const place = stored === undefined ? DataPlace.Folder : DataPlace.Store;
      found.push({ name: file.name, sha256: file.sha256, bytes: stored?.bytes ?? 0, place });
    }
    return { name, digest: datasetDigest(files), files: found };
  }
}

export function datasetCursorOf({ sequence }: StoredDataset): string {
  return String(sequence);
}

function requireFile(
  { name, sha256 }: DatasetRequest['files'][number],
  i: number,
  files: DatasetRequest['files'],
): void {
  if (!isDataFileName(name))
    throw badValue(
      `files[${i}].name`,
      'a path below a folder, such as trips/january.parquet, of 200 characters and 255 bytes a part at most',
      quoted(name),
    );
  if (!isDigest(sha256)) throw badValue(`files[${i}].sha256`, '64 hex digits in lower case', quoted(sha256));
  if (files.findIndex((other) => other.name === name) < i)
    throw badValue(`files[${i}].name`, 'the name of one file', `${quoted(name)} a second time`);
}
