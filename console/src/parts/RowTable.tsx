import { Table } from '@mantine/core';
import type { PageOfRows } from '../api/modelOperations.ts';
import type { ModelField } from '../api/models.ts';
import { exportedRows } from './exportedRows.ts';
import { shownNumber } from './figures.ts';
import { wordsOf } from './names.ts';

interface RowTableProps {
  readonly page: PageOfRows;
  readonly outputs: readonly ModelField[];
}

/** A page of the rows of a row batch. */
export function RowTable({ page, outputs }: RowTableProps) {
  return (
    <Table.ScrollContainer minWidth={240} mah={320} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={70}>Row</Table.Th>
            {outputs.map(({ name, unit }) => (
              <Table.Th key={name}>
                {wordsOf(name)}
                {unit !== null && ` (${unit})`}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {exportedRows(page, outputs).map((row) => (
            <Table.Tr key={String(row.row)}>
              <Table.Td className="number">{String(row.row)}</Table.Td>
              {row.error === null ? (
                outputs.map(({ name }) => (
                  <Table.Td key={name} className="number cell">
                    {shownCell(row[name])}
                  </Table.Td>
                ))
              ) : (
                <Table.Td colSpan={outputs.length} c="red">
                  {String(row.error)}
                </Table.Td>
              )}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function shownCell(value: unknown): string {
  if (value === null) return '';
  if (typeof value === 'number') return shownNumber(value);
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
