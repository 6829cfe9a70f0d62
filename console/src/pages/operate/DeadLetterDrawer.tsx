import { useApolloClient } from '@apollo/client/react';
import { Code, Drawer, Group, Stack, Text, Title } from '@mantine/core';
import { Link, useLocation } from 'wouter';
import { ConfirmButton } from '../../parts/ConfirmButton.tsx';
import { FactList } from '../../parts/FactList.tsx';
import { shownTime } from '../../parts/figures.ts';
import { type DeadLetter, DISCARD, REDRIVE } from './operations.ts';

interface DeadLetterDrawerProps {
  readonly letter: DeadLetter;
  readonly close: () => void;
  readonly reload: () => Promise<void>;
}

/** One dead letter, beside the list: why the task failed, what it was asked, and what can be done. */
export function DeadLetterDrawer({ letter, close, reload }: DeadLetterDrawerProps) {
  const apollo = useApolloClient();
  const [, navigate] = useLocation();
  const { taskId: id, modelName, reason, job, history } = letter;
  const redrive = async () => {
    const { data } = await apollo.mutate({
      mutation: REDRIVE,
      variables: { id },
      fetchPolicy: 'no-cache',
    });
    if (data != null) navigate(`/tasks/${encodeURIComponent(data.redriveDeadLetter.id)}`);
  };
  const discard = async () => {
    await apollo.mutate({ mutation: DISCARD, variables: { id }, fetchPolicy: 'no-cache' });
    await reload();
    close();
  };
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size="lg"
      title={`Dead letter of ${modelName}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
      transitionProps={{ duration: 0 }}
    >
      <Stack gap="md">
        <Text size="xs" ff="monospace" className="wrapped">
          <Link href={`/tasks/${encodeURIComponent(id)}`} className="link">
            {id}
          </Link>
        </Text>
        <Group gap="xs">
          <ConfirmButton label="Submit it again" confirm="Submit it again" run={redrive}>
            It becomes a new task with the same input and time limit, and leaves the dead letters.
          </ConfirmButton>
          <ConfirmButton label="Discard" confirm="Discard it for good" isHarsh run={discard}>
            The dead letter and its input are removed, and cannot be brought back. The task stays failed.
          </ConfirmButton>
        </Group>
        <section>
          <Title order={2} mb={4}>
            Reason
          </Title>
          <Text size="sm" className="wrapped">
            {reason}
          </Text>
        </section>
        <FactList facts={factsOf(letter)} />
        <section>
          <Title order={2} mb={4}>
            Job
          </Title>
          <Code block className="wrapped code" tabIndex={0}>
            {readableJob(job)}
          </Code>
        </section>
        {history.length > 0 && (
          <section>
            <Title order={2} mb={4}>
              Earlier tries
            </Title>
            {history.map((earlier) => (
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

function factsOf(letter: DeadLetter): readonly (readonly [string, string | null])[] {
  const { code, attempts, modelVersion, lastWorker, submittedAt, diedAt } = letter;
  return [
    ['Code', code],
    ['Tries', String(attempts)],
    ['Version', modelVersion],
    ['Last worker', lastWorker],
    ['Submitted', submittedAt && shownTime(submittedAt)],
    ['Failed', shownTime(diedAt)],
  ];
}

/** JSON with a line for each member; a malformed job as it came. */
function readableJob(job: string): string {
  try {
    return JSON.stringify(JSON.parse(job), undefined, 2);
  } catch {
    return job;
  }
}
