import { Table } from '@mantine/core';
import type { Verdict } from '../api/gql/graphql.ts';
import { shownCount, shownNumber } from './figures.ts';
import { WideTable } from './WideTable.tsx';

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

const COLUMNS = [
  { title: 'Check' },
  { title: 'Verdict' },
  ...['Observed', 'Limit', 'Live version', 'Rows'].map((title) => ({ title, isNumber: true })),
];

/** The checks of a gate: what was observed, beside the live version and the limit. */
export function ChecksTable({ checks }: ChecksTableProps) {
  return (
    <WideTable label="Checks of the gate" columns={COLUMNS}>
      {checks.map(({ name, observed, live, limit, count, verdict }) => (
        <Table.Tr key={name}>
          <Table.Th scope="row">{name}</Table.Th>
          <Table.Td>
            <span className="state" data-color={VERDICTS[verdict].color}>
              {VERDICTS[verdict].label}
            </span>
          </Table.Td>
          <Table.Td data-number="true">{shownOf(observed)}</Table.Td>
          <Table.Td data-number="true">{shownOf(limit)}</Table.Td>
          <Table.Td data-number="true">{shownOf(live)}</Table.Td>
          <Table.Td data-number="true">{count === 0 ? '–' : shownCount(count)}</Table.Td>
        </Table.Tr>
      ))}
    </WideTable>
  );
}

function shownOf(value: number | null): string {
  return value === null ? '–' : shownNumber(value);
}
