import { Table } from '@mantine/core';
import type { ReactNode } from 'react';
import './tables.css';

export interface Column {
  readonly title: string;
  /** Numbers stand at the right, digit below digit. */
  readonly isNumber?: boolean;
}

interface WideTableProps {
  readonly label: string;
  readonly columns: readonly Column[];
  /** Its rows. */
  readonly children: ReactNode;
}

/** A table that is scrolled sideways where the window is narrow, also by keys. */
export function WideTable({ label, columns, children }: WideTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled can be reached by keys.
    <section className="wide" aria-label={`${label}: table`} tabIndex={0}>
      <Table className="wide-table" aria-label={label}>
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ title, isNumber = false }) => (
              <Table.Th key={title} scope="col" data-number={isNumber}>
                {title}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </section>
  );
}
