import { useSubscription } from '@apollo/client/react';
import { Button, Skeleton, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import { useIsOperator } from '../../app/signedIn.ts';
import { ErrorOfTask } from '../../parts/ErrorOfTask.tsx';
import { msBetween, shownMs, shownTime } from '../../parts/figures.ts';
import { Page } from '../../parts/Page.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { Section } from '../../parts/Section.tsx';
import { StateBadge } from '../../parts/StateBadge.tsx';
import { isFinal } from '../../parts/states.ts';
import { CancelButton } from './CancelButton.tsx';
import { DatasetView } from './DatasetView.tsx';
import { Outcome } from './Outcome.tsx';
import { WORK_UPDATES, type Work } from './operations.ts';
import { ProgressNow } from './ProgressNow.tsx';
import { Stages } from './Stages.tsx';
import { TrainingLog } from './TrainingLog.tsx';
import { TrainOn } from './TrainOn.tsx';

/** A training or the check of a dataset, as it goes. */
export function WorkPage({ id }: { readonly id: string }) {
  const isOperator = useIsOperator();
  const { data, error } = useSubscription(WORK_UPDATES, { variables: { id }, fetchPolicy: 'no-cache' });
  const work = data?.taskUpdates;
  const isTraining = work?.kind === 'TRAINING';
  return (
    <Page
      title={
        work === undefined
          ? 'Work of a trainer'
          : isTraining
            ? `Training of ${work.modelName}`
            : 'Check of a dataset'
      }
      about={work && <Times work={work} />}
      aside={
        <>
          <Button component={Link} href="/data" variant="default" size="xs">
            Data and trainings
          </Button>
          {isOperator && work !== undefined && !isFinal(work.state) && (
            <CancelButton id={id} isTraining={isTraining} />
          )}
          {isOperator && work?.dataset?.usable === true && <TrainOn dataset={work.dataset} />}
        </>
      }
    >
      <Problem error={error} />
      {work === undefined && error === undefined && <Skeleton h={200} />}
      {work !== undefined && (
        <Stack gap="md">
          <div role="status">
            <StateBadge state={work.state} />
          </div>
          {work.error !== null && <ErrorOfTask error={work.error} />}
          <Outcome work={work} />
          {work.training !== null && (
            <Section title="Stages">
              <Stages stages={work.training.stages} />
            </Section>
          )}
          {work.training !== null && (
            <ProgressNow progress={work.training.progress} isOver={isFinal(work.state)} />
          )}
          {work.dataset !== null && <DatasetView dataset={work.dataset} />}
          {isTraining && (
            <Section title="Log">
              <TrainingLog id={id} />
            </Section>
          )}
        </Stack>
      )}
    </Page>
  );
}

function Times({ work: { submittedAt, finishedAt, deadline } }: { readonly work: Work }) {
  return (
    <Text span inherit className="number">
      Submitted {shownTime(submittedAt)},{' '}
      {finishedAt === null
        ? `time limit ${shownTime(deadline)}`
        : `took ${shownMs(msBetween(submittedAt, finishedAt))}`}
    </Text>
  );
}
