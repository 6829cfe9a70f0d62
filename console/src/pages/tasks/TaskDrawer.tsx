import { useMutation, useQuery, useSubscription } from '@apollo/client/react';
import { Button, Drawer, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useEffect, useEffectEvent, useMemo } from 'react';
import { Link, useLocation, useSearch } from 'wouter';
import { saveJson } from '../../api/files.ts';
import { documentOf, type PredictedTask, updates } from '../../api/modelOperations.ts';
import { type Model, useModels } from '../../api/models.ts';
import { useMaySubmit } from '../../api/signedIn.ts';
import { CancelTask } from '../../parts/CancelTask.tsx';
import { CodeBlock } from '../../parts/CodeBlock.tsx';
import { ErrorOfTask } from '../../parts/ErrorOfTask.tsx';
import { Icon } from '../../parts/Icon.tsx';
import { PredictionView } from '../../parts/PredictionView.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { isWaitShown, QueuePlace } from '../../parts/QueuePlace.tsx';
import { RowBatch } from '../../parts/RowBatch.tsx';
import { StateBadge } from '../../parts/StateBadge.tsx';
import { isFinal } from '../../parts/states.ts';
import { TimeBar } from '../../parts/TimeBar.tsx';
import { RETRY, TASK_DETAILS } from './operations.ts';
import { TaskFacts } from './TaskFacts.tsx';
import { TaskLog } from './TaskLog.tsx';

interface TaskDrawerProps {
  readonly id: string;
  readonly close: () => void;
}

/** One task, beside the list: how far it is, what came of it, and what it was asked. */
export function TaskDrawer({ id, close }: TaskDrawerProps) {
  const { models } = useModels();
  const { data, error, refetch } = useQuery(TASK_DETAILS, {
    variables: { id },
    fetchPolicy: 'no-cache',
    notifyOnNetworkStatusChange: false,
  });
  const details = data?.task ?? undefined;
  const model = models?.find(({ name }) => name === details?.modelName);
  return (
    <Drawer opened onClose={close} size="lg" title={details?.modelName ?? 'Task'}>
      <Stack gap="md">
        <Text size="xs" c="dimmed" ff="monospace" className="wrapped">
          {id}
        </Text>
        <Problem error={error} />
        {details === undefined && error === undefined && <Skeleton h={160} />}
        {details !== undefined && model !== undefined && (
          <FollowedTask
            key={id}
            id={id}
            model={model}
            // What is told of a task that had not ended is out of date then.
            onEnd={() => !isFinal(details.state) && void refetch().catch(() => {})}
          />
        )}
        {details?.input != null && (
          <section>
            <Title order={2} mb={4}>
              Input
            </Title>
            <CodeBlock
              label="Input"
              text={details.input.map(({ name, value }) => `${name}: ${value}`).join('\n')}
            />
          </section>
        )}
        {details !== undefined && <TaskLog task={details} />}
        {details !== undefined && <TaskFacts task={details} />}
        {details !== undefined && details.history.length > 0 && (
          <section>
            <Title order={2} mb={4}>
              Earlier tries
            </Title>
            {details.history.map((earlier) => (
              <Link key={earlier} href={`/tasks/${encodeURIComponent(earlier)}`} className="link wrapped">
                {earlier}
              </Link>
            ))}
          </section>
        )}
      </Stack>
    </Drawer>
  );
}

interface FollowedTaskProps {
  readonly id: string;
  readonly model: Model;
  readonly onEnd: () => void;
}

/** What changes until the end of a task: one subscription pushes it, with what comes before the end. */
function FollowedTask({ id, model, onEnd }: FollowedTaskProps) {
  const query = useMemo(() => documentOf<{ task: PredictedTask }, { id: string }>(updates(model)), [model]);
  const { data, error } = useSubscription(query, { variables: { id }, fetchPolicy: 'no-cache' });
  const task = data?.task;
  const hasEnded = task !== undefined && isFinal(task.state);
  const told = useEffectEvent(onEnd);
  useEffect(() => {
    if (hasEnded) told();
  }, [hasEnded]);
  if (error !== undefined) return <Problem error={error} />;
  if (task === undefined) return <Skeleton h={120} />;
  const values = task.prediction ?? task.partial?.output;
  return (
    <Stack gap="md">
      <Group justify="space-between" gap="xs">
        <span role="status">
          <StateBadge state={task.state} />
        </span>
        <Actions task={task} />
      </Group>
      {isWaitShown(task) && <QueuePlace id={id} state={task.state} />}
      {values != null && <PredictionView outputs={model.outputs} values={values} />}
      {task.error !== null && <ErrorOfTask error={task.error} />}
      {task.batch !== null && <RowBatch id={id} state={task.state} batch={task.batch} model={model} />}
      {task.batch === null && <TimeBar task={task} totalMs={undefined} />}
    </Stack>
  );
}

/** What may be done with a task now. */
function Actions({ task }: { readonly task: PredictedTask }) {
  const maySubmit = useMaySubmit();
  const [, navigate] = useLocation();
  const search = useSearch();
  const { id, state } = task;
  const [retry, { loading, error }] = useMutation(RETRY, {
    variables: { id },
    fetchPolicy: 'no-cache',
    onCompleted: ({ retryTask }) => navigate(`/tasks/${encodeURIComponent(retryTask.id)}?${search}`),
  });
  return (
    <Group gap="xs">
      <Problem error={error} />
      {maySubmit && !isFinal(state) && <CancelTask id={id} />}
      {maySubmit && task.batch === null && isFinal(state) && state !== 'SUCCEEDED' && (
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="refresh" />}
          loading={loading}
          onClick={() => retry().catch(() => {})}
        >
          Try it again
        </Button>
      )}
      {isFinal(state) && (
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="download" />}
          onClick={() => saveJson(`${id}.json`, task)}
        >
          JSON
        </Button>
      )}
    </Group>
  );
}
