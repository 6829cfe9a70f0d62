import { Table, Text } from '@mantine/core';
import { shownNumber } from './figures.ts';

export interface DetectionsValue {
  readonly count: number;
  readonly list: readonly {
    readonly label: string;
    readonly score: number;
    readonly box: { readonly x1: number; readonly y1: number; readonly x2: number; readonly y2: number };
  }[];
}

/** What a model has detected in a picture, the most certain first. */
export function DetectionsView({ detections: { count, list } }: { readonly detections: DetectionsValue }) {
  if (count === 0) return <Text size="sm">Nothing was detected.</Text>;
  return (
    <Table.ScrollContainer minWidth={260}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>What</Table.Th>
            <Table.Th>Score</Table.Th>
            <Table.Th>From x, y to x, y</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {list.map(({ label, score, box: { x1, y1, x2, y2 } }) => (
            <Table.Tr key={`${label} ${x1} ${y1} ${x2} ${y2}`}>
              <Table.Td>{label}</Table.Td>
              <Table.Td className="number">{shownNumber(score)}</Table.Td>
              <Table.Td className="number">
                {[x1, y1, x2, y2].map((value) => Math.round(value)).join(', ')}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
