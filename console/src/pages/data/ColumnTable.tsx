import { Table, Text } from '@mantine/core';
import { shownCount, shownNumber } from '../../parts/figures.ts';
import { WideTable } from '../../parts/WideTable.tsx';
import type { DatasetReport } from './operations.ts';
import { ProfileChart } from './ProfileChart.tsx';

/** Below the first, values are much the same; above the second, they are others. */
const PSI_STEPS = [0.1, 0.25] as const;

/** @param isCompared whether it is known how far the values moved. */
function columnsOf(isCompared: boolean) {
  return [
    { title: 'Column' },
    { title: 'Distribution' },
    { title: 'Range' },
    { title: 'Missing', isNumber: true },
    { title: 'Outside the limits', isNumber: true },
    ...(isCompared ? [{ title: 'Moved by', isNumber: true }] : []),
  ];
}

/** Each column: how its values are distributed, what is missing, and how far it moved from what the live version saw. */
export function ColumnTable({
  dataset: { columns, profile, rowCount },
}: {
  readonly dataset: DatasetReport;
}) {
  const isCompared = columns.some(({ psi }) => psi !== null);
  return (
    <>
      <WideTable label="Columns" columns={columnsOf(isCompared)}>
        {columns.map(({ column, input, type, least, most, nulls, outside, psi }) => {
          const shape = profile.find((each) => each.input === input);
          return (
            <Table.Tr key={`${type} ${column}`}>
              <Table.Th scope="row">
                {column}
                <Text size="xs" c="dimmed">
                  {[input, typeInWords(type, least)].filter(Boolean).join(', ')}
                </Text>
              </Table.Th>
              <Table.Td>{shape !== undefined && <ProfileChart profile={shape} />}</Table.Td>
              <Table.Td>{least === null ? '–' : `${shownCell(least)} to ${shownCell(most ?? '')}`}</Table.Td>
              <CountCell count={nulls} of={rowCount} />
              <CountCell count={outside} of={rowCount} />
              {isCompared && (
                <Table.Td data-number="true">{psi === null ? '–' : <PsiValue psi={psi} />}</Table.Td>
              )}
            </Table.Tr>
          );
        })}
      </WideTable>
      <Text size="xs" c="dimmed" mt={6}>
        {isCompared
          ? 'Moved by: how far the values are from those that the version was trained on that answers now (population stability index). Below 0.1 they are much the same, above 0.25 they are others.'
          : 'The version that answers now was not made by a training of Tidings, so it is not known how far the values have moved since.'}
      </Text>
    </>
  );
}

/** The cells of a CSV are texts, also those that are numbers. @param least of the cells: a number only if all are. */
function typeInWords(type: string, least: string | null): string {
  if (type !== 'VARCHAR') return type;
  return least !== null && isNumber(least) ? 'numbers as text' : 'text';
}

function CountCell({ count, of }: { readonly count: number; readonly of: number }) {
  const share = of === 0 ? 0 : (100 * count) / of;
  return (
    <Table.Td data-number="true" {...(count > 0 && { fw: 600 })}>
      {shownCount(count)}
      {count > 0 && (
        <Text span size="xs" c="dimmed">
          {' '}
          ({share < 0.1 ? '< 0.1' : share.toFixed(1)} %)
        </Text>
      )}
    </Table.Td>
  );
}

function PsiValue({ psi }: { readonly psi: number }) {
  const color = psi < PSI_STEPS[0] ? 'teal' : psi <= PSI_STEPS[1] ? 'orange' : 'red';
  return (
    <span className="state" data-color={color}>
      {psi.toFixed(3)}
    </span>
  );
}

function shownCell(text: string): string {
  return isNumber(text) ? shownNumber(Number(text)) : text;
}

function isNumber(text: string): boolean {
  return text.trim() !== '' && !Number.isNaN(Number(text));
}
