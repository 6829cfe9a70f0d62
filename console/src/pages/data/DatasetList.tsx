import { useQuery } from '@apollo/client/react';
import { Skeleton, Stack, Table, Text } from '@mantine/core';
import { Link } from 'wouter';
import { CommandLine } from '../../parts/CommandLine.tsx';
import { Empty } from '../../parts/Empty.tsx';
import { shownBytes, shownCount, shownTime } from '../../parts/figures.ts';
import { Problem } from '../../parts/Problem.tsx';
import { WideTable } from '../../parts/WideTable.tsx';
import { DATASETS } from './operations.ts';
import { PageButtons } from './PageButtons.tsx';
import { useRelayPages } from './useRelayPages.ts';

const COLUMNS = [
  { title: 'Verdict' },
  { title: 'Name' },
  { title: 'Model' },
  ...['Rows', 'Files', 'Size'].map((title) => ({ title, isNumber: true })),
  { title: 'Checked' },
  { title: 'Problems' },
];

/** The datasets, newest check first. */
export function DatasetList({ model }: { readonly model: string | undefined }) {
  const pages = useRelayPages();
  const { data, previousData, error } = useQuery(DATASETS, {
    variables: { model: model ?? null, after: pages.after ?? null },
    fetchPolicy: 'no-cache',
  });
  const { edges, pageInfo } = (data ?? previousData)?.datasets ?? {};
  if (edges === undefined || pageInfo === undefined)
    return error === undefined ? <Skeleton h={80} /> : <Problem error={error} />;
  if (edges.length === 0 && pages.isFirst)
    return (
      <Stack gap={0}>
        <Empty>No dataset yet. An operator adds Parquet or CSV files here, or from a shell:</Empty>
        <CommandLine
          command={`npm run data -- add ${model ?? 'housing'}-data rows.csv --model ${model ?? 'housing'}`}
        />
      </Stack>
    );
  return (
    <>
      <Problem error={error} />
      <WideTable label="Datasets" columns={COLUMNS} hasRowLinks>
        {edges.map(({ node }) => (
          <Table.Tr key={`${node.name} ${node.digest}`}>
            <Table.Td>
              <span className="state" data-color={node.usable ? 'teal' : 'red'}>
                {node.usable ? 'Usable' : 'Unusable'}
              </span>
            </Table.Td>
            <Table.Td>
              <Link href={`/training/sets/${node.name}/${node.digest}`} className="row-link">
                {node.name}
              </Link>{' '}
              <Text span size="xs" c="dimmed">
                {node.digest.slice(0, 8)}
              </Text>
            </Table.Td>
            <Table.Td>{node.model}</Table.Td>
            <Table.Td data-number="true">{shownCount(node.rowCount)}</Table.Td>
            <Table.Td data-number="true">{node.files.length}</Table.Td>
            <Table.Td data-number="true">
              {shownBytes(node.files.reduce((sum, { bytes }) => sum + bytes, 0))}
            </Table.Td>
            <Table.Td>{shownTime(node.createdAt)}</Table.Td>
            <Table.Td>{node.problems[0]?.message ?? 'none'}</Table.Td>
          </Table.Tr>
        ))}
      </WideTable>
      <PageButtons what="datasets" pages={pages} pageInfo={pageInfo} />
    </>
  );
}
