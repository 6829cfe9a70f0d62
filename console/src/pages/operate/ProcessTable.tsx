import { Table } from '@mantine/core';
import type { ProcessRole } from '../../api/gql/graphql.ts';
import { Empty } from '../../parts/Empty.tsx';
import { shownBytes, shownMs, shownNumber, shownPercent, shownTime } from '../../parts/figures.ts';
import { Meter } from '../../parts/Meter.tsx';
import { WideTable } from '../../parts/WideTable.tsx';
import type { ProcessOf } from './operations.ts';

const ROLES: Readonly<Record<ProcessRole, string>> = {
  GATEWAY: 'Gateway',
  WORKER: 'Worker',
  TRAINER: 'Trainer',
};

const COLUMNS = [
  { title: 'Process' },
  { title: 'Started' },
  ...['CPU cores', 'Memory', 'Longest delay', 'Connections', 'Subscriptions'].map((title) => ({
    title,
    isNumber: true,
  })),
  { title: 'Busy' },
  { title: 'Serves' },
];
/** From here on, requests and heartbeats of a process are late. */
const LATE_MS = 250;

/** What each process takes, and what a worker serves. */
export function ProcessTable({ processes }: { readonly processes: readonly ProcessOf[] }) {
  if (processes.length === 0) return <Empty>No process answers. Look whether nats-server runs.</Empty>;
  return (
    <WideTable label="Processes" columns={COLUMNS}>
      {processes.map((process) => (
        <ProcessRow key={`${process.role} ${process.id}`} process={process} />
      ))}
    </WideTable>
  );
}

function ProcessRow({ process }: { readonly process: ProcessOf }) {
  const { id, role, startedAt, cpuCores, memoryBytes, eventLoopDelayMs, busy, worker } = process;
  return (
    <Table.Tr>
      <Table.Th scope="row">
        {ROLES[role]}
        <div className="short-id dimmed" title={id}>
          {id}
        </div>
      </Table.Th>
      <Table.Td>{shownTime(startedAt)}</Table.Td>
      <Table.Td data-number="true">{cpuCores.toFixed(2)}</Table.Td>
      <Table.Td data-number="true">{shownBytes(memoryBytes)}</Table.Td>
      <Table.Td data-number="true" data-bad={eventLoopDelayMs >= LATE_MS}>
        {shownMs(eventLoopDelayMs)}
      </Table.Td>
      {[process.connections, process.subscriptions].map((count, i) => (
        <Table.Td key={COLUMNS[5 + i]?.title} data-number="true">
          {count === null ? '' : shownNumber(count)}
        </Table.Td>
      ))}
      <Table.Td>
        {busy !== null && (
          <div className="metered number">
            <Meter label={`Busy share of worker ${id}`} share={busy} />
            {shownPercent(Math.round(busy * 100))}
          </div>
        )}
      </Table.Td>
      <Table.Td className="serves">{worker === null ? '' : servedBy(worker)}</Table.Td>
    </Table.Tr>
  );
}

/** Such as "churn 1, 2; trip-duration 8 (leaving)". */
function servedBy({ models, leaving }: NonNullable<ProcessOf['worker']>): string {
  const versions = [
    ...models.map(({ modelName, version, provider }) => ({
      modelName,
      text: provider === 'CPU' || provider === 'OTHER' ? version : `${version} on ${provider}`,
    })),
    ...leaving.map(({ modelName, version }) => ({ modelName, text: `${version} (leaving)` })),
  ];
  const byModel = Map.groupBy(versions, ({ modelName }) => modelName);
  return [...byModel].map(([name, own]) => `${name} ${own.map(({ text }) => text).join(', ')}`).join('; ');
}
