import { Table } from '@mantine/core';
import { useIsOperator } from '../../api/signedIn.ts';
import { Empty } from '../../parts/Empty.tsx';
import { shownMs, shownNumber, shownRate } from '../../parts/figures.ts';
import { PauseButton } from '../../parts/PauseButton.tsx';
import { WideTable } from '../../parts/WideTable.tsx';
import type { QueueOf, Stats } from './operations.ts';

interface ModelTableProps {
  readonly models: Stats['models'];
  readonly queues: readonly QueueOf[];
  readonly alerts: Stats['alerts'];
}

const NUMBERS = [
  'Accepted/s',
  'Succeeded/s',
  'Failed/s',
  'Refused/s',
  'Median',
  '99 % within',
  'Waiting',
].map((title) => ({ title, isNumber: true }));

/** What happens to the tasks of each model, over the last ten seconds: those that need attention first. Operators pause and resume it here. */
export function ModelTable({ models, queues, alerts }: ModelTableProps) {
  const isOperator = useIsOperator();
  if (models.length === 0)
    return <Empty>No model is served. Start a worker, or upload a version of a model.</Empty>;
  const columns = [
    { title: 'Model' },
    { title: 'State' },
    ...(isOperator ? [{ title: 'Change' }] : []),
    ...NUMBERS,
  ];
  const hasAlert = ({ modelName }: Stats['models'][number]) =>
    alerts.some((alert) => alert.modelName === modelName);
  const ordered = models.toSorted((a, b) => Number(hasAlert(b)) - Number(hasAlert(a)));
  return (
    <WideTable label="Models" columns={columns}>
      {ordered.map((model) => {
        const { modelName, acceptedPerSecond, succeededPerSecond, failedPerSecond, refusedPerSecond } = model;
        const own = queues.filter((queue) => queue.modelName === modelName);
        const isPaused = own.some((queue) => queue.isPaused);
        const waiting = own.reduce((sum, queue) => sum + queue.waiting, 0);
        return (
          <Table.Tr key={modelName}>
            <Table.Th scope="row">{modelName}</Table.Th>
            <Table.Td>
              <span className="state" data-color={isPaused ? 'orange' : 'teal'}>
                {isPaused ? 'Paused' : 'Open'}
              </span>
            </Table.Td>
            {isOperator && (
              <Table.Td>
                <PauseButton model={modelName} isPaused={isPaused} />
              </Table.Td>
            )}
            {[acceptedPerSecond, succeededPerSecond, failedPerSecond, refusedPerSecond].map((rate, i) => (
              <Table.Td
                key={NUMBERS[i]?.title}
                className="number"
                data-number="true"
                data-bad={i > 1 && rate > 0}
                data-none={rate === 0}
              >
                {shownRate(rate)}
              </Table.Td>
            ))}
            {[model.p50Ms, model.p99Ms].map((ms, i) => (
              <Table.Td
                key={NUMBERS[4 + i]?.title}
                className="number"
                data-number="true"
                data-none={ms === null}
              >
                {ms === null ? '–' : shownMs(ms)}
              </Table.Td>
            ))}
            <Table.Td data-number="true" data-none={waiting === 0}>
              {shownNumber(waiting)}
            </Table.Td>
          </Table.Tr>
        );
      })}
    </WideTable>
  );
}
