import { Button, Stack, Table } from '@mantine/core';
import { useMemo } from 'react';
import { saveFile } from '../../api/files.ts';
import type { Model } from '../../api/models.ts';
import { Icon } from '../../parts/Icon.tsx';
import { columnFormats, sampleFile } from './columnFormats.ts';

/** The columns that a file of rows needs, and a sample of one. */
export function RowFormat({ model }: { readonly model: Model }) {
  const formats = useMemo(() => columnFormats(model), [model]);
  return (
    <Stack gap="xs">
      <Table.ScrollContainer minWidth={320} mah={320} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
        <Table aria-label="Columns of the file" fz="xs" horizontalSpacing="xs" stickyHeader>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Column</Table.Th>
              <Table.Th>What stands in a cell</Table.Th>
              <Table.Th>Example</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {formats.map(({ name, cell, example }) => (
              <Table.Tr key={name}>
                <Table.Td>{name}</Table.Td>
                <Table.Td>{cell}</Table.Td>
                <Table.Td className="number cell">{example.slice(0, SHOWN_CHARACTERS)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      <Button
        variant="default"
        size="xs"
        leftSection={<Icon name="download" />}
        onClick={() => saveFile(`${model.name}-sample.csv`, 'text/csv', sampleFile(formats))}
        style={{ alignSelf: 'start' }}
      >
        Save a sample file
      </Button>
    </Stack>
  );
}

const SHOWN_CHARACTERS = 60;
