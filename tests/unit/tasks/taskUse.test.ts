/** What a task uses of the quotas of its owner, and the bytes of its result. */
import { afterEach, expect, test } from 'vitest';
import { QuotaName } from '../../../src/contract/quotas.ts';
import { KeptBytes } from '../../../src/tasks/keptBytes.ts';
import { TaskUse } from '../../../src/tasks/taskUse.ts';

const totals = new Map<string, number>();
const counts = {
  add: (_owner: string, name: string, amount: number) =>
    void totals.set(name, (totals.get(name) ?? 0) + amount),
};

afterEach(() => totals.clear());

function useWithResult(results: KeptBytes) {
  const use = new TaskUse({ owner: 'ada', counts });
  use.add(QuotaName.TasksUnfinished, 1);
  use.whenKept(QuotaName.ResultBytes, () => results.add('ada', QuotaName.ResultBytes, 2_000));
  return use;
}

test('the result of a task counts from its submission on, also after the task has ended', () => {
  using results = new KeptBytes({ counts, keptMs: 1_200_000 });
  const use = useWithResult(results);
  use.keep();
  expect(totals).toEqual(
    new Map([
      [QuotaName.TasksUnfinished, 1],
      [QuotaName.ResultBytes, 2_000],
    ]),
  );
  use.release();
  expect(totals).toEqual(
    new Map([
      [QuotaName.TasksUnfinished, 0],
      [QuotaName.ResultBytes, 2_000],
    ]),
  );
});

test('a task that was not stored leaves nothing counted', () => {
  using results = new KeptBytes({ counts, keptMs: 1_200_000 });
  const use = useWithResult(results);
  use.keep();
  use.undo();
  use.undo();
  use.release();
  expect([...totals.values()]).toEqual([0, 0]);
});
