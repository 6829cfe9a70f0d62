import { Alert, List, Stack } from '@mantine/core';
import { FactList } from '../../parts/FactList.tsx';
import { shownBytes, shownCount, shownTime } from '../../parts/figures.ts';
import { Section } from '../../parts/Section.tsx';
import { ColumnTable } from './ColumnTable.tsx';
import type { DatasetReport } from './operations.ts';

/** The report of a dataset: the verdict, and each column with how its values are distributed. */
export function DatasetView({ dataset }: { readonly dataset: DatasetReport }) {
  const { usable, problems, rowCount, duplicates, files, createdAt, digest } = dataset;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return (
    <Stack gap="md">
      <Alert
        color={usable ? (problems.length > 0 ? 'yellow' : 'teal') : 'red'}
        p="xs"
        title={usable ? 'A model can be trained on it' : 'No model can be trained on it'}
        aria-label="Verdict"
      >
        {problems.length > 0 && (
          <List size="sm" className="wrapped">
            {problems.map(({ message, count }) => (
              <List.Item key={message}>
                {message}
                {count !== null && ` (${shownCount(count)})`}
              </List.Item>
            ))}
          </List>
        )}
        {problems.length === 0 && 'No problem was found.'}
      </Alert>
      <FactList
        facts={[
          ['Rows', shownCount(rowCount)],
          ['Duplicates', shownCount(duplicates)],
          ['Files', `${files.length}, ${shownBytes(bytes)}: ${files.map(({ name }) => name).join(', ')}`],
          ['Checked', shownTime(createdAt)],
          ['Digest', digest],
        ]}
      />
      <Section title="Columns">
        <ColumnTable dataset={dataset} />
      </Section>
    </Stack>
  );
}
