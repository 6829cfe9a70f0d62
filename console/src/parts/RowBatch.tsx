import { useApolloClient, useQuery } from '@apollo/client/react';
import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { useMemo, useState } from 'react';
import { saveFile, saveJson } from '../api/files.ts';
import type { TaskState } from '../api/gql/graphql.ts';
import {
  documentOf,
  type PageOfRows,
  type PredictedTask,
  rowsQuery,
  type Values,
} from '../api/modelOperations.ts';
import type { Model } from '../api/models.ts';
import { messageOf } from '../api/refusal.ts';
import { csvOf } from './csv.ts';
import { type ExportedRow, exportedColumns, exportedRows } from './exportedRows.ts';
import { countOf, shownCount } from './figures.ts';
import { Icon } from './Icon.tsx';
import { Problem } from './Problem.tsx';
import { RowTable } from './RowTable.tsx';
import { isFinal } from './states.ts';

interface RowBatchProps {
  readonly id: string;
  readonly state: TaskState;
  readonly batch: NonNullable<PredictedTask['batch']>;
  readonly model: Model;
  /** What this page has sent; undefined if another has. */
  readonly inputs?: readonly Values[] | undefined;
}

interface RowsAnswer {
  readonly task: { readonly batch: { readonly rows: PageOfRows } | null } | null;
}

const PAGE_ROWS = 50;
const EXPORT_ROWS = 1_000;

/** The progress of a task of many rows, its rows page by page, and all of them as a file. */
export function RowBatch({ id, state, batch, model, inputs }: RowBatchProps) {
  const { rowCount, rowsDone, rowsFailed, estimatedSecondsLeft } = batch;
  const query = useMemo(() => documentOf<RowsAnswer, RowsVariables>(rowsQuery(model)), [model]);
  // The cursors after which the pages so far begin: the first page has none.
  const [cursors, setCursors] = useState<readonly (string | null)[]>([null]);
  const { data, error } = useQuery(query, {
    variables: { id, first: PAGE_ROWS, after: cursors.at(-1) ?? null },
    skip: !isFinal(state),
    fetchPolicy: 'no-cache',
  });
  const page = data?.task?.batch?.rows;
  return (
    <Stack gap="sm">
      <div>
        <Progress
          value={(rowsDone / Math.max(1, rowCount)) * 100}
          aria-label="Rows done"
          transitionDuration={0}
        />
        <Text size="sm" mt={4} className="number">
          {shownCount(rowsDone)} of {countOf(rowCount, 'row')}
          {rowsFailed > 0 && `, ${shownCount(rowsFailed)} failed`}
          {estimatedSecondsLeft != null && `, about ${Math.ceil(estimatedSecondsLeft)} s left`}
        </Text>
      </div>
      <Problem error={error} />
      {page !== undefined && (
        <>
          <RowTable page={page} model={model} inputs={inputs} />
          {inputs === undefined && (
            <Text size="xs" c="dimmed">
              The inputs of rows are not kept. Row 1 is the first that was sent.
            </Text>
          )}
          <Group gap="xs" justify="space-between">
            <Group gap="xs">
              <Button
                variant="default"
                size="xs"
                disabled={cursors.length === 1}
                onClick={() => setCursors(cursors.slice(0, -1))}
              >
                Previous rows
              </Button>
              <Button
                variant="default"
                size="xs"
                disabled={!page.pageInfo.hasNextPage}
                onClick={() => setCursors([...cursors, page.pageInfo.endCursor])}
              >
                Next rows
              </Button>
            </Group>
            <ExportButtons id={id} model={model} query={query} inputs={inputs} />
          </Group>
        </>
      )}
    </Stack>
  );
}

type RowsVariables = { id: string; first: number; after: string | null };

interface ExportButtonsProps {
  readonly id: string;
  readonly model: Model;
  readonly query: ReturnType<typeof documentOf<RowsAnswer, RowsVariables>>;
  readonly inputs: readonly Values[] | undefined;
}

function ExportButtons({ id, model, query, inputs }: ExportButtonsProps) {
  const apollo = useApolloClient();
  const [problem, setProblem] = useState<string>();

  async function allRows(): Promise<readonly ExportedRow[]> {
    const rows: ExportedRow[] = [];
    for (let after: string | null | undefined = null; after !== undefined; ) {
      const variables: RowsVariables = { id, first: EXPORT_ROWS, after };
      const answer: { data: RowsAnswer | undefined } = await apollo.query({
        query,
        variables,
        fetchPolicy: 'no-cache',
      });
      const page: PageOfRows | undefined = answer.data?.task?.batch?.rows;
      if (page === undefined) break;
      rows.push(...exportedRows(page, model.outputs, inputs));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : undefined;
    }
    return rows;
  }

  async function save(form: 'csv' | 'json'): Promise<void> {
    setProblem(undefined);
    try {
      const rows = await allRows();
      const names = exportedColumns(model, inputs !== undefined);
      if (form === 'json') saveJson(`${id}.json`, rows);
      else
        saveFile(
          `${id}.csv`,
          'text/csv',
          csvOf(
            names,
            rows.map((row) => names.map((name) => row[name])),
          ),
        );
    } catch (error) {
      setProblem(messageOf(error));
    }
  }

  return (
    <Group gap="xs">
      {problem !== undefined && (
        <Text size="xs" c="red" role="alert">
          {problem}
        </Text>
      )}
      {(['csv', 'json'] as const).map((form) => (
        <Button
          key={form}
          variant="default"
          size="xs"
          leftSection={<Icon name="download" />}
          onClick={() => void save(form)}
        >
          {form.toUpperCase()}
        </Button>
      ))}
    </Group>
  );
}
