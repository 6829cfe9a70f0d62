import { Button, Group, Text } from '@mantine/core';
import { useCallback, useMemo } from 'react';
import { useLocation, useRoute, useSearchParams } from 'wouter';
import { saveFile, saveJson } from '../../api/files.ts';
import { useSeesAllOwners, useSignedIn } from '../../api/signedIn.ts';
import { csvOf } from '../../parts/csv.ts';
import { Icon } from '../../parts/Icon.tsx';
import { Page } from '../../parts/Page.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { COLUMNS, type ExportedTask, exportedTask } from './exportedTasks.ts';
import { choiceIn, type FilterChoice, queryOf } from './filterChoice.ts';
import { TaskDrawer } from './TaskDrawer.tsx';
import { TaskFilters } from './TaskFilters.tsx';
import { TaskTable } from './TaskTable.tsx';
import { useTaskList } from './useTaskList.ts';

/** The tasks of the client, or of all owners for those who may see them, as they change. */
export default function TasksPage() {
  const { me } = useSignedIn();
  const seesAll = useSeesAllOwners();
  const [query, setQuery] = useSearchParams();
  const choice = useMemo(() => choiceIn(query), [query]);
  const setChoice = useCallback(
    (choice: FilterChoice) => setQuery(queryOf(choice), { replace: true }),
    [setQuery],
  );
  const { model, label, states, isMine } = choice;
  const filter = useMemo(
    () => ({ ...(model !== undefined && { model }), ...(label !== '' && { label }) }),
    [model, label],
  );
  const { tasks, isLoaded, problem } = useTaskList(filter);
  const search = query.size === 0 ? '' : `?${query}`;
  const [, params] = useRoute('/tasks/:id');
  const [, navigate] = useLocation();
  // A task that changes its state leaves the list that was asked for, so the page looks at states itself.
  const shown = useMemo(
    () =>
      tasks.filter(
        ({ state, owner }) =>
          (states.length === 0 || states.includes(state)) && (!isMine || owner === me.owner),
      ),
    [tasks, states, isMine, me.owner],
  );
  return (
    <Page
      title="Tasks"
      about={
        seesAll
          ? 'The tasks of all owners, newest first, as they change.'
          : 'Your tasks, newest first, as they change.'
      }
      aside={
        <>
          <Text size="sm" c="dimmed" className="number" role="status">
            {isLoaded ? countOf(shown.length) : 'Loading…'}
          </Text>
          <Button
            variant="default"
            size="xs"
            leftSection={<Icon name="download" />}
            disabled={shown.length === 0}
            onClick={() =>
              saveFile('tasks.csv', 'text/csv', csvOf(COLUMNS, shown.map(exportedTask).map(cellsOf)))
            }
          >
            CSV
          </Button>
          <Button
            variant="default"
            size="xs"
            leftSection={<Icon name="download" />}
            disabled={shown.length === 0}
            onClick={() => saveJson('tasks.json', shown.map(exportedTask))}
          >
            JSON
          </Button>
        </>
      }
    >
      <TaskFilters choice={choice} onChange={setChoice} canSeeAll={seesAll} />
      <Problem error={problem} />
      {isLoaded && shown.length === 0 ? (
        <Nothing isFiltered={query.size > 0} reset={() => setQuery({}, { replace: true })} />
      ) : (
        <TaskTable tasks={shown} showsOwners={seesAll} openId={params?.id} search={search} />
      )}
      {params !== null && <TaskDrawer id={params.id} close={() => navigate(`/tasks${search}`)} />}
    </Page>
  );
}

function Nothing({ isFiltered, reset }: { readonly isFiltered: boolean; readonly reset: () => void }) {
  return (
    <Group gap="sm" p="lg" justify="center">
      <Text c="dimmed" size="sm">
        {isFiltered
          ? 'No task passes these filters.'
          : 'No tasks yet. Submit one on the page Try, or from a program: it appears here by itself.'}
      </Text>
      {isFiltered && (
        <Button variant="default" size="xs" onClick={reset}>
          Show all
        </Button>
      )}
    </Group>
  );
}

function countOf(count: number): string {
  return count === 1 ? '1 task' : `${count.toLocaleString('en')} tasks`;
}

function cellsOf(task: ExportedTask): readonly unknown[] {
  return COLUMNS.map((name) => (name === 'labels' ? [task.labels].flat().join(' ') : task[name]));
}
