import { Table, Text } from '@mantine/core';
import type { Verdict } from '../api/gql/graphql.ts';
import { shownCount } from './figures.ts';
import type { ReadCheck } from './gateChecks.ts';
import { WideTable } from './WideTable.tsx';

const VERDICTS: Readonly<Record<Verdict, { readonly label: string; readonly color: string }>> = {
  PASS: { label: 'Passed', color: 'teal' },
  FAIL: { label: 'Failed', color: 'red' },
  TOO_FEW: { label: 'Too few rows', color: 'orange' },
  SKIPPED: { label: 'Left out', color: 'gray' },
};

const COLUMNS = [
  { title: 'Check' },
  { title: 'Verdict' },
  ...['New version', 'Live version'].map((title) => ({ title, isNumber: true })),
  { title: 'Beside the live version' },
  ...['Limit', 'Rows'].map((title) => ({ title, isNumber: true })),
];

/** The checks of a gate: what was observed, its limit, and how the live version did over the same rows. */
export function ChecksTable({ checks }: { readonly checks: readonly ReadCheck[] }) {
  return (
    <WideTable label="Checks of the gate" columns={COLUMNS}>
      {checks.map(({ name, label, unit, limitText, observed, live, worseBy, shown, count, verdict }) => (
        <Table.Tr key={name}>
          <Table.Th scope="row">
            {label}
            {unit !== null && (
              <Text size="xs" c="dimmed">
                {unit}
              </Text>
            )}
          </Table.Th>
          <Table.Td>
            <span className="state" data-color={VERDICTS[verdict].color}>
              {VERDICTS[verdict].label}
            </span>
          </Table.Td>
          <Table.Td data-number="true">{observed === null ? '–' : shown(observed)}</Table.Td>
          <Table.Td data-number="true">{live === null ? '–' : shown(live)}</Table.Td>
          <Table.Td>{worseBy !== null && <Beside worseBy={worseBy} shown={shown} />}</Table.Td>
          <Table.Td data-number="true">{limitText}</Table.Td>
          <Table.Td data-number="true">{count === 0 ? '–' : shownCount(count)}</Table.Td>
        </Table.Tr>
      ))}
    </WideTable>
  );
}

interface BesideProps {
  readonly worseBy: number;
  readonly shown: (value: number) => string;
}

function Beside({ worseBy, shown }: BesideProps) {
  if (worseBy === 0) return 'The same';
  return (
    <span className="state" data-color={worseBy > 0 ? 'orange' : 'teal'}>
      {worseBy > 0 ? 'Worse' : 'Better'} by {shown(Math.abs(worseBy))}
    </span>
  );
}
