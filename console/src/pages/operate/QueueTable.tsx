import { Table } from '@mantine/core';
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
  ...['Waiting', 'In hand', 'Ended/s', 'Backlog'].map((title) => ({ title, isNumber: true })),
];

/** The queues that have tasks, and the first of each version, so that the table keeps its place. */
export function QueueTable({ queues }: { readonly queues: readonly QueueOf[] }) {
  const shown = queues.filter(({ lane, waiting, inHand }) => lane === 'INTERACTIVE' || waiting + inHand > 0);
  if (shown.length === 0)
    return <Empty>No queue is known. While the broker is away, no queue is told.</Empty>;
  return (
    <WideTable label="Queues" columns={COLUMNS}>
      {shown.map(
        ({ modelName, version, lane, waiting, inHand, endedPerSecond, backlogSeconds, isPaused }) => (
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
            <Table.Td data-number="true" data-none={!backlogSeconds}>
              {backlogSeconds === null ? '–' : backlogSeconds === 0 ? '0' : shownMs(backlogSeconds * 1_000)}
            </Table.Td>
          </Table.Tr>
        ),
      )}
    </WideTable>
  );
}
