import { expect, test } from 'vitest';
import { Conditions } from '../../../src/launcher/conditions.ts';
import type { Exposed } from '../../../src/metrics/exposition.ts';

const OPEN: Exposed = {
  name: 'open',
  help: 'Open.',
  type: 'gauge',
  samples: [{ series: 'open', value: 1 }],
};

/** A process that answers each question with what `answer` gives. */
function processOf(name: string, conditions: Conditions, answer?: { readonly problem?: string }) {
  return {
    name,
    send(question: string) {
      if (answer === undefined) return false;
      queueMicrotask(() =>
        conditions.hear(
          name,
          question === 'metrics' ? { type: 'metrics', metrics: [OPEN] } : { type: 'problem', ...answer },
        ),
      );
      return true;
    },
  };
}

test('the metrics of all processes that run are one, and each sample names its process', async () => {
  const conditions = new Conditions();
  const families = await conditions.families([
    processOf('gateway', conditions, {}),
    processOf('worker 1', conditions),
    processOf('worker 2', conditions, {}),
  ]);
  const series = families.flatMap(({ samples }) => samples.map((sample) => sample.series));
  expect(series).toEqual(['open{process="gateway"}', 'open{process="worker 2"}']);
});

test('the system is ready once each process has no problem', async () => {
  const conditions = new Conditions();
  const gateway = processOf('gateway', conditions, {});
  expect(await conditions.problem([gateway])).toBeUndefined();
  const others = [
    processOf('worker 1', conditions, { problem: 'waiting for the broker' }),
    processOf('worker 2', conditions),
  ];
  expect(await conditions.problem([gateway, ...others])).toBe(
    'worker 1: waiting for the broker; worker 2: it does not answer',
  );
});

test('the same questions at the same time share an answer, and the end of a process is one', async () => {
  const conditions = new Conditions();
  const asked: string[] = [];
  const worker = { name: 'worker', send: (question: string) => asked.push(question) > 0 };
  const answers = [conditions.problem([worker]), conditions.families([worker]), conditions.problem([worker])];
  conditions.ended('worker');
  const problem = 'worker: it does not answer';
  expect(await Promise.all(answers)).toEqual([problem, [], problem]);
  expect(asked).toEqual(['problem', 'metrics']);
});
