import { useSubscription } from '@apollo/client/react';
import { Button, Skeleton, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import { useIsOperator } from '../../api/signedIn.ts';
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
import { WORK_UPDATES, type Work, type WorkTraining } from './operations.ts';
import { ProgressNow } from './ProgressNow.tsx';
import { Settings } from './Settings.tsx';
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
          <Button component={Link} href="/training" variant="default" size="xs">
            Back to Training
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
          {/* A report is a verdict of its own: the check of unusable data succeeds, too. */}
          {work.dataset === null && (
            <div role="status">
              <StateBadge state={work.state} />
            </div>
          )}
          {work.error !== null && <ErrorOfTask error={work.error} />}
          {work.training !== null && <TrainingView work={work} training={work.training} />}
          {work.dataset !== null && <DatasetView dataset={work.dataset} />}
        </Stack>
      )}
    </Page>
  );
}

interface TrainingViewProps {
  readonly work: Work;
  readonly training: WorkTraining;
}

function TrainingView({ work, training }: TrainingViewProps) {
  return (
    <>
      <Outcome work={work} training={training} />
      <Section title="Stages">
        <Stages stages={training.stages} />
      </Section>
      <ProgressNow progress={training.progress} isOver={isFinal(work.state)} />
      {training.settings !== null && (
        <Section title="Settings">
          <Settings id={work.id} owner={work.owner} settings={training.settings} />
        </Section>
      )}
      <Section title="Log">
        <TrainingLog id={work.id} />
      </Section>
    </>
  );
}

function Times({ work: { submittedAt, finishedAt, deadline } }: { readonly work: Work }) {
  return (
    <Text span inherit className="number">
      Submitted {shownTime(submittedAt)},{' '}
      {finishedAt === null
        ? `ends at the latest ${shownTime(deadline)}`
        : `took ${shownMs(msBetween(submittedAt, finishedAt))}`}
    </Text>
  );
}
