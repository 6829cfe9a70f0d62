import { Stack, Table } from '@mantine/core';
import type { QueueLane } from '../../api/gql/graphql.ts';
import { Empty } from '../../parts/Empty.tsx';
import { shownMs, shownNumber, shownRate } from '../../parts/figures.ts';
import { WideTable } from '../../parts/WideTable.tsx';
import type { QueueOf } from './operations.ts';

const LANES: Readonly<Record<QueueLane, string>> = {
  INTERACTIVE: 'A user waits',
  BULK: 'Can wait',
  BATCH: 'Rows',
};

const COLUMNS = [
  { title: 'Model' },
  { title: 'Version' },
  { title: 'Lane' },
  ...['Waiting', 'In hand', 'Ended/s', 'Empty in'].map((title) => ({ title, isNumber: true })),
];

/** The queues with something to do, the longest wait at the top. The others open below. */
export function QueueTable({ queues }: { readonly queues: readonly QueueOf[] }) {
  const { busy = [], idle = [] } = Object.groupBy(queues, (queue) => (isBusy(queue) ? 'busy' : 'idle'));
  // Of a version without tasks, one queue stands for all.
  const listed = idle.filter(({ lane }) => lane === 'INTERACTIVE');
  if (queues.length === 0)
    return <Empty>No queue is known. While the broker is away, no queue is told.</Empty>;
  return (
    <Stack gap="xs">
      {busy.length === 0 ? (
        <Empty>No task waits or runs.</Empty>
      ) : (
        <Rows label="Queues" queues={busy.toSorted((a, b) => waitOf(b) - waitOf(a))} />
      )}
      {listed.length > 0 && (
        <details className="more">
          <summary>Queues without tasks ({listed.length})</summary>
          <Rows label="Queues without tasks" queues={listed} />
        </details>
      )}
    </Stack>
  );
}

interface RowsProps {
  readonly label: string;
  readonly queues: readonly QueueOf[];
}

function Rows({ label, queues }: RowsProps) {
  return (
    <WideTable label={label} columns={COLUMNS}>
      {queues.map((queue) => {
        const { modelName, version, lane, waiting, inHand, endedPerSecond, isPaused } = queue;
        return (
          <Table.Tr key={`${modelName} ${version} ${lane}`}>
            <Table.Th scope="row">{modelName}</Table.Th>
            <Table.Td>{version}</Table.Td>
            <Table.Td>{isPaused ? `${LANES[lane]}, paused` : LANES[lane]}</Table.Td>
            <Table.Td data-number="true" data-none={waiting === 0}>
              {shownNumber(waiting)}
            </Table.Td>
            <Table.Td data-number="true" data-none={inHand === 0}>
              {shownNumber(inHand)}
            </Table.Td>
            <Table.Td data-number="true" data-none={!endedPerSecond}>
              {endedPerSecond === null ? '–' : shownRate(endedPerSecond)}
            </Table.Td>
            <Table.Td data-number="true" data-none={waiting === 0}>
              {emptyIn(queue)}
            </Table.Td>
          </Table.Tr>
        );
      })}
    </WideTable>
  );
}

/** A queue that has ended tasks in the last 15 seconds stays, so that rows do not come and go with each task. */
function isBusy({ waiting, inHand, endedPerSecond }: QueueOf): boolean {
  return waiting + inHand > 0 || (endedPerSecond ?? 0) > 0;
}

/** In steps of ten seconds, so that rows keep their places. What is paused waits for an operator. */
function waitOf({ waiting, backlogSeconds, isPaused }: QueueOf): number {
  if (waiting === 0) return 0;
  return isPaused ? Number.MAX_SAFE_INTEGER : Math.floor((backlogSeconds ?? 0) / 10);
}

/** When no task waits any more, at the present rate. */
function emptyIn({ waiting, endedPerSecond, backlogSeconds, isPaused }: QueueOf): string {
  if (waiting === 0) return '0';
  if (isPaused) return 'paused';
  if (endedPerSecond === 0) return 'none ends';
  return backlogSeconds === null ? '–' : shownMs(backlogSeconds * 1_000);
}
