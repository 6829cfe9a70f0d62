import { Table } from '@mantine/core';
import type { Verdict } from '../api/gql/graphql.ts';
import { shownCount, shownNumber } from './figures.ts';
import { Wide } from './Wide.tsx';

interface ChecksTableProps {
  readonly checks: readonly {
    readonly name: string;
    readonly observed: number | null;
    readonly live: number | null;
    readonly limit: number | null;
    readonly count: number;
    readonly verdict: Verdict;
  }[];
}

const VERDICTS: Readonly<Record<Verdict, { readonly label: string; readonly color: string }>> = {
  PASS: { label: 'Passed', color: 'teal' },
  FAIL: { label: 'Failed', color: 'red' },
  TOO_FEW: { label: 'Too few rows', color: 'orange' },
  SKIPPED: { label: 'Left out', color: 'gray' },
};

/** The checks of a gate: what was observed, beside the live version and the limit. */
export function ChecksTable({ checks }: ChecksTableProps) {
  return (
    <Wide label="Checks of the gate">
      <Table fz="sm" className="number">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Check</Table.Th>
            <Table.Th>Verdict</Table.Th>
            <Table.Th ta="right">Observed</Table.Th>
            <Table.Th ta="right">Limit</Table.Th>
            <Table.Th ta="right">Live version</Table.Th>
            <Table.Th ta="right">Rows</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {checks.map(({ name, observed, live, limit, count, verdict }) => (
            <Table.Tr key={name}>
              <Table.Th scope="row" fw={400}>
                {name}
              </Table.Th>
              <Table.Td>
                <span className="state" data-color={VERDICTS[verdict].color}>
                  {VERDICTS[verdict].label}
                </span>
              </Table.Td>
              <Table.Td ta="right">{shownOf(observed)}</Table.Td>
              <Table.Td ta="right">{shownOf(limit)}</Table.Td>
              <Table.Td ta="right">{shownOf(live)}</Table.Td>
              <Table.Td ta="right">{count === 0 ? '–' : shownCount(count)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Wide>
  );
}

function shownOf(value: number | null): string {
  return value === null ? '–' : shownNumber(value);
}
