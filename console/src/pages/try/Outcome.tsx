import { Card, Group, Stack, Text, Title } from '@mantine/core';
import { Link } from 'wouter';
import { CancelTask } from '../../parts/CancelTask.tsx';
import { ErrorOfTask } from '../../parts/ErrorOfTask.tsx';
import { PredictionView } from '../../parts/PredictionView.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { isWaitShown, QueuePlace } from '../../parts/QueuePlace.tsx';
import { RowBatch } from '../../parts/RowBatch.tsx';
import { StateBadge } from '../../parts/StateBadge.tsx';
import { isFinal } from '../../parts/states.ts';
import { TimeBar } from '../../parts/TimeBar.tsx';
import { SentOperation } from './SentOperation.tsx';
import type { Submission } from './useSubmission.ts';

/** What came of a submission, as it is pushed. */
export function Outcome({ present }: { readonly present: Submission | undefined }) {
  const task = present?.task;
  return (
    <Card withBorder p="md" component="section" aria-label="Result">
      <Stack gap="md">
        <Group justify="space-between" gap="xs">
          <Title order={2}>Result</Title>
          {task !== undefined && (
            <Group gap="xs">
              {!isFinal(task.state) && <CancelTask id={task.id} />}
              <StateBadge state={task.state} />
            </Group>
          )}
        </Group>
        {/* Read out as it comes. */}
        <div role="status">
          <Stack gap="md">
            {present === undefined && (
              <Text size="sm" c="dimmed">
                Submit the form. The result is pushed into this page as soon as it is there.
              </Text>
            )}
            <Problem error={present?.problem} />
            {(present?.fieldProblems.length ?? 0) > 0 && (
              <Text size="sm" c="dimmed">
                The gateway did not accept the input. The form says what is wrong.
              </Text>
            )}
            {present !== undefined && task !== undefined && <TaskSoFar present={present} task={task} />}
          </Stack>
        </div>
        {task !== undefined && task.modelVersion !== '' && (
          <Text size="sm">
            Version {task.modelVersion} {task.state === 'SUCCEEDED' ? 'answered.' : 'was asked.'}
          </Text>
        )}
        {task !== undefined && task.batch === null && <TimeBar task={task} totalMs={present?.totalMs} />}
        {present !== undefined && <SentOperation present={present} />}
        {present?.id !== undefined && (
          <Text size="sm">
            <Link href={`/tasks/${encodeURIComponent(present.id)}`} className="link">
              Open this task
            </Link>
          </Text>
        )}
      </Stack>
    </Card>
  );
}

interface TaskSoFarProps {
  readonly present: Submission;
  readonly task: NonNullable<Submission['task']>;
}

function TaskSoFar({ present: { model, variables }, task }: TaskSoFarProps) {
  const values = task.prediction ?? task.partial?.output;
  return (
    <>
      {isWaitShown(task) && <QueuePlace id={task.id} state={task.state} />}
      {values != null && (
        <>
          {task.prediction === null && (
            <Text size="xs" c="dimmed">
              So far; the run goes on
            </Text>
          )}
          <PredictionView outputs={model.outputs} values={values} />
        </>
      )}
      {task.batch !== null && (
        <RowBatch
          id={task.id}
          state={task.state}
          batch={task.batch}
          model={model}
          inputs={variables.inputs}
        />
      )}
      {task.error !== null && <ErrorOfTask error={task.error} />}
    </>
  );
}
