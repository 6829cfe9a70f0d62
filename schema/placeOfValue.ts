/** Where a value of a result stands: the fields of large values need it. */
import { RequestError, RequestErrorCode } from '../src/contract/errors.ts';
import type { Owner } from '../src/contract/owner.ts';
import type { Task } from '../src/contract/task.ts';
import type { ManifestOutput } from '../src/models/manifest.ts';

export interface PlaceOfValue {
  /** The owner of the task, and of the blobs of its result. */
  readonly owner: Owner;
  /** The path of its bytes. */
  readonly url: string;
}

/** The place of an output of a task, or of a row of a row batch. @param row its index in the row batch. */
export function placeOf(
  { id, owner }: Pick<Task, 'id' | 'owner'>,
  output: string,
  row?: number,
): PlaceOfValue {
  const rowPath = row === undefined ? '' : `/rows/${row}`;
  return { owner, url: `/tasks/${encodeURIComponent(id)}${rowPath}/outputs/${output}` };
}

/** The value is not what the manifest describes, see `readOutput`. */
export function resultUnreadable({ name }: ManifestOutput): RequestError {
  return new RequestError(
    RequestErrorCode.ResultUnreadable,
    `The result has no ${name} as the manifest describes it now: submit the task again.`,
    { details: { output: name } },
  );
}
