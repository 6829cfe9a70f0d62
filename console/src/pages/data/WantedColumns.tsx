import { Table, Text } from '@mantine/core';
import { shownNumber } from '../../parts/figures.ts';
import { Section } from '../../parts/Section.tsx';
import { WideTable } from '../../parts/WideTable.tsx';
import type { TrainableModel } from './useTrainableModels.ts';

const COLUMNS = ['Column', 'For', 'Values'].map((title) => ({ title }));

/** Which columns the files of a dataset must have for a model. */
export function WantedColumns({ model: { inputs, training } }: { readonly model: TrainableModel }) {
  const { columns, targets, rows } = training;
  return (
    <Section title="What the files must have">
      <WideTable label="Columns that the files must have" columns={COLUMNS}>
        {inputs.map(({ name, tensor, unit, minimum, maximum, default: usual }) => {
          const named = columns.find(({ input }) => input === name)?.column;
          return (
            <Table.Tr key={name}>
              <Table.Th scope="row">{named ?? (name === tensor ? name : `${tensor} or ${name}`)}</Table.Th>
              <Table.Td>
                {name}
                {usual !== null && ', may be left out'}
              </Table.Td>
              <Table.Td>{[rangeOf(minimum, maximum), unit].filter(Boolean).join(' ') || 'any'}</Table.Td>
            </Table.Tr>
          );
        })}
        {targets.map(({ output, expression }) => (
          <Table.Tr key={output}>
            <Table.Th scope="row">
              <code>{expression}</code>
            </Table.Th>
            <Table.Td>the true value of {output}</Table.Td>
            <Table.Td>SQL over the columns</Table.Td>
          </Table.Tr>
        ))}
      </WideTable>
      <Text size="xs" c="dimmed" mt={6}>
        The first line of a CSV has the names of the columns. Other columns are kept and not used.
        {rows !== null && ` Rows take part where ${rows}.`}
      </Text>
    </Section>
  );
}

function rangeOf(minimum: number | null, maximum: number | null): string {
  if (minimum === null && maximum === null) return '';
  if (minimum === null) return `up to ${shownNumber(maximum ?? 0)}`;
  return maximum === null
    ? `from ${shownNumber(minimum)}`
    : `${shownNumber(minimum)} to ${shownNumber(maximum)}`;
}
