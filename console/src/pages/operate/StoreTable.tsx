import { Stack, Table } from '@mantine/core';
import { Empty } from '../../parts/Empty.tsx';
import { shownBytes, shownNumber, shownPercent } from '../../parts/figures.ts';
import { Meter } from '../../parts/Meter.tsx';
import { WideTable } from '../../parts/WideTable.tsx';
import type { Stats } from './operations.ts';

type Store = Stats['stores'][number];

const COLUMNS = [
  { title: 'Store' },
  ...['Messages', 'Size', 'Limit'].map((title) => ({ title, isNumber: true })),
  { title: 'Full' },
];
/** As in the alert on stores. */
const NEARLY_FULL = 0.8;

/** The stores of the broker: those that can fill up first, the fullest at the top. The others open below. */
export function StoreTable({ stores }: { readonly stores: Stats['stores'] }) {
  if (stores.length === 0) return <Empty>No store is known. Look whether nats-server runs.</Empty>;
  const { told = [], others = [] } = Object.groupBy(stores, (store) =>
    store.messages > 0 && usedShare(store) !== undefined ? 'told' : 'others',
  );
  return (
    <Stack gap="xs">
      {told.length === 0 ? (
        <Empty>No store with a limit has a message.</Empty>
      ) : (
        <Rows label="Stores" stores={told.toSorted((a, b) => (usedShare(b) ?? 0) - (usedShare(a) ?? 0))} />
      )}
      {others.length > 0 && (
        <details className="more">
          <summary>Stores that are empty or have no limit ({others.length})</summary>
          <Rows label="Stores that are empty or have no limit" stores={others} />
        </details>
      )}
    </Stack>
  );
}

function Rows({ label, stores }: { readonly label: string; readonly stores: readonly Store[] }) {
  return (
    <WideTable label={label} columns={COLUMNS}>
      {stores.map((store) => {
        const { name, messages, bytes, maxBytes } = store;
        const used = usedShare(store);
        return (
          <Table.Tr key={name}>
            <Table.Th scope="row">
              {contentOf(name)} <span className="short-id dimmed">{name}</span>
            </Table.Th>
            <Table.Td data-number="true" data-none={messages === 0}>
              {shownNumber(messages)}
            </Table.Td>
            <Table.Td data-number="true" data-none={bytes === 0}>
              {shownBytes(bytes)}
            </Table.Td>
            <Table.Td data-number="true">{maxBytes === null ? 'none' : shownBytes(maxBytes)}</Table.Td>
            <Table.Td>
              {used !== undefined && (
                <div className="metered number">
                  <Meter label={`How full ${name} is`} share={used} high={NEARLY_FULL} />
                  {shownPercent(Math.round(100 * used))}
                </div>
              )}
            </Table.Td>
          </Table.Tr>
        );
      })}
    </WideTable>
  );
}

/** What the streams of the broker hold. docs/protocol.md has more of each. */
const CONTENTS: Readonly<Record<string, string>> = {
  ...{ ENDS: 'Results', RESULTS: 'Results of 0.2', CHUNKS: 'Results of row batches', DEAD: 'Dead letters' },
  ...{ REQUESTS: 'Request ids', SUSPECTS: 'Inputs that crashed a worker', KV_ROLLOUTS: 'Rollouts' },
  ...{ ACTUALS: 'True values', KEYS: 'API keys', KEYUSES: 'Uses of API keys', AUDIT: 'Audit log' },
  ...{ BLOBS: 'Large inputs and outputs', ARTIFACTS: 'Files of data and versions' },
  ...{ WORK: 'Trainings that run', STEPS: 'Steps of trainings', RUNS: 'Ended trainings' },
  ...{ PROGRESS: 'Progress of trainings', LOGS: 'Logs of trainings', DATASETS: 'Datasets' },
  ...{ VERSIONS: 'Versions', WRITE_PROBE: 'Test of writing' },
};

function contentOf(name: string): string {
  const model = /^JOBS_(.+)$/.exec(name)?.[1];
  return model === undefined ? (CONTENTS[name] ?? '') : `Queue of ${model}`;
}

/** From 0 to 1; undefined without a limit. */
function usedShare({ bytes, maxBytes }: Store): number | undefined {
  return maxBytes === null || maxBytes === 0 ? undefined : bytes / maxBytes;
}
