import { useQuery } from '@apollo/client/react';
import { Skeleton, Stack, Table, Text } from '@mantine/core';
import { Link } from 'wouter';
import { CommandLine } from '../../parts/CommandLine.tsx';
import { shownBytes, shownCount, shownTime } from '../../parts/figures.ts';
import { Problem } from '../../parts/Problem.tsx';
import { Wide } from '../../parts/Wide.tsx';
import { DATASETS } from './operations.ts';
import { PageButtons } from './PageButtons.tsx';
import { useRelayPages } from './useRelayPages.ts';

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
      <Stack gap={6}>
        <Text size="sm">No dataset yet. An operator adds Parquet or CSV files here, or from a shell:</Text>
        <CommandLine command={`npm run data -- add tracts tracts.csv --model ${model ?? 'housing'}`} />
      </Stack>
    );
  return (
    <>
      <Problem error={error} />
      <Wide label="Datasets">
        <Table fz="sm" className="number rows">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Verdict</Table.Th>
              <Table.Th>Name</Table.Th>
              <Table.Th>Model</Table.Th>
              <Table.Th ta="right">Rows</Table.Th>
              <Table.Th ta="right">Files</Table.Th>
              <Table.Th ta="right">Size</Table.Th>
              <Table.Th>Checked</Table.Th>
              <Table.Th>Problems</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {edges.map(({ node }) => (
              <Table.Tr key={`${node.name} ${node.digest}`}>
                <Table.Td>
                  <span className="state" data-color={node.usable ? 'teal' : 'red'}>
                    {node.usable ? 'Usable' : 'Unusable'}
                  </span>
                </Table.Td>
                <Table.Td>
                  <Link href={`/data/sets/${node.name}/${node.digest}`} className="row-link">
                    {node.name}
                  </Link>{' '}
                  <Text span size="xs" c="dimmed">
                    {node.digest.slice(0, 8)}
                  </Text>
                </Table.Td>
                <Table.Td>{node.model}</Table.Td>
                <Table.Td ta="right">{shownCount(node.rowCount)}</Table.Td>
                <Table.Td ta="right">{node.files.length}</Table.Td>
                <Table.Td ta="right">
                  {shownBytes(node.files.reduce((sum, { bytes }) => sum + bytes, 0))}
                </Table.Td>
                <Table.Td>{shownTime(node.createdAt)}</Table.Td>
                <Table.Td>{node.problems[0]?.message ?? 'none'}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Wide>
      <PageButtons what="datasets" pages={pages} pageInfo={pageInfo} />
    </>
  );
}
