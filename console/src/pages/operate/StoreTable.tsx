import { Table } from '@mantine/core';
import { Empty } from '../../parts/Empty.tsx';
import { Meter } from '../../parts/Meter.tsx';
import { shownNumber } from '../../parts/names.ts';
import { shownBytes, shownPercent } from '../../parts/sizes.ts';
import { WideTable } from '../../parts/WideTable.tsx';
import type { Stats } from './operations.ts';

const COLUMNS = [
  { title: 'Store' },
  ...['Messages', 'Size', 'Limit'].map((title) => ({ title, isNumber: true })),
  { title: 'Full' },
];
/** As in the alert on stores. */
const NEARLY_FULL = 0.8;

/** The stores of the broker, and how full they are. */
export function StoreTable({ stores }: { readonly stores: Stats['stores'] }) {
  if (stores.length === 0) return <Empty>No store is known. Look whether nats-server runs.</Empty>;
  return (
    <WideTable label="Stores" columns={COLUMNS}>
      {stores.map(({ name, messages, bytes, maxBytes }) => (
        <Table.Tr key={name}>
          <Table.Th scope="row">{name}</Table.Th>
          <Table.Td className="number" data-number="true" data-none={messages === 0}>
            {shownNumber(messages)}
          </Table.Td>
          <Table.Td className="number" data-number="true" data-none={bytes === 0}>
            {shownBytes(bytes)}
          </Table.Td>
          <Table.Td className="number" data-number="true">
            {maxBytes === null ? 'none' : shownBytes(maxBytes)}
          </Table.Td>
          <Table.Td>
            {maxBytes !== null && maxBytes > 0 && (
              <div className="metered number">
                <Meter label={`How full ${name} is`} share={bytes / maxBytes} high={NEARLY_FULL} />
                {shownPercent(Math.round((bytes / maxBytes) * 100))}
              </div>
            )}
          </Table.Td>
        </Table.Tr>
      ))}
    </WideTable>
  );
}
