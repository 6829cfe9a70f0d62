import { Table } from '@mantine/core';
import type { ReactNode } from 'react';
import './tables.css';
import { Wide } from './Wide.tsx';

export interface Column {
  readonly title: string;
  /** Numbers stand at the right, digit below digit. */
  readonly isNumber?: boolean;
}

interface WideTableProps {
  readonly label: string;
  readonly columns: readonly Column[];
  /** A click anywhere on a row follows its link. */
  readonly hasRowLinks?: boolean;
  /** Its rows. */
  readonly children: ReactNode;
}

/** The table of all pages: scrolled sideways where the window is narrow. */
export function WideTable({ label, columns, hasRowLinks = false, children }: WideTableProps) {
  return (
    <Wide label={`${label}: table`}>
      <Table className="wide-table" aria-label={label} data-links={hasRowLinks}>
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
    </Wide>
  );
}
