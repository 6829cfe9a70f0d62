import { Table } from '@mantine/core';
import type { PageOfRows, Values } from '../api/modelOperations.ts';
import type { Model } from '../api/models.ts';
import { exportedRows } from './exportedRows.ts';
import { shownNumber } from './figures.ts';
import { labelOf, labelWithUnit } from './names.ts';

interface RowTableProps {
  readonly page: PageOfRows;
  readonly model: Model;
  /** Of all rows, as far as the page knows them. */
  readonly inputs: readonly Values[] | undefined;
}

/** A page of the rows of a row batch. */
export function RowTable({ page, model: { inputs: fields, outputs }, inputs }: RowTableProps) {
  const sent = inputs === undefined ? [] : fields;
  return (
    <Table.ScrollContainer minWidth={240} mah={320} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
      <Table stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={70}>Row</Table.Th>
            {outputs.map((output) => (
              <Table.Th key={output.name}>{labelWithUnit(output)}</Table.Th>
            ))}
            {sent.map((field) => (
              <Table.Th key={`input ${field.name}`}>{labelOf(field)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {exportedRows(page, outputs).map((row, i) => (
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
              {sent.map(({ name }) => (
                <Table.Td key={`input ${name}`} className="number cell">
                  {shownCell(inputs?.[page.firstRow + i]?.[name])}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function shownCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return shownNumber(value);
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
