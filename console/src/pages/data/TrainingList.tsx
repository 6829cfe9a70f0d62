import { useQuery } from '@apollo/client/react';
import { Skeleton, Table } from '@mantine/core';
import { Link } from 'wouter';
import type { TrainingsQuery } from '../../api/gql/graphql.ts';
import { Empty } from '../../parts/Empty.tsx';
import { msBetween, shownMs, shownTime } from '../../parts/figures.ts';
import { readCheck, worseThanLive } from '../../parts/gateChecks.ts';
import { Problem } from '../../parts/Problem.tsx';
import { StateBadge } from '../../parts/StateBadge.tsx';
import { isFinal } from '../../parts/states.ts';
import { WideTable } from '../../parts/WideTable.tsx';
import { TRAININGS } from './operations.ts';
import { PageButtons } from './PageButtons.tsx';
import { stageLabel } from './stageNames.ts';
import { useRelayPages } from './useRelayPages.ts';

const COLUMNS = ['State', 'Model', 'Dataset', 'Submitted', 'Took', 'What came of it'].map((title) => ({
  title,
}));
const ASK_EVERY_MS = 3_000;

/** The trainings, newest first. */
export function TrainingList({ model }: { readonly model: string | undefined }) {
  const pages = useRelayPages();
  const { data, previousData, error } = useQuery(TRAININGS, {
    variables: { model: model ?? null, after: pages.after ?? null },
    fetchPolicy: 'no-cache',
    pollInterval: ASK_EVERY_MS,
  });
  const { edges, pageInfo } = (data ?? previousData)?.trainings ?? {};
  if (edges === undefined || pageInfo === undefined)
    return error === undefined ? <Skeleton h={80} /> : <Problem error={error} />;
  if (edges.length === 0 && pages.isFirst)
    return (
      <Empty>
        No training yet. It needs a dataset, a model that can be trained, and a trainer, which npm start runs.
        Operators choose “Train a model”; docs/training.md has the GraphQL for programs.
      </Empty>
    );
  return (
    <>
      <Problem error={error} />
      <WideTable label="Trainings" columns={COLUMNS} hasRowLinks>
        {edges.map(({ node }) => (
          <TrainingRow key={node.id} training={node} />
        ))}
      </WideTable>
      <PageButtons what="trainings" pages={pages} pageInfo={pageInfo} />
    </>
  );
}

type Listed = TrainingsQuery['trainings']['edges'][number]['node'];

function TrainingRow({ training: listed }: { readonly training: Listed }) {
  const { id, modelName, state, submittedAt, finishedAt, training } = listed;
  return (
    <Table.Tr>
      <Table.Td>
        <StateBadge state={state} />
      </Table.Td>
      <Table.Td>
        <Link href={`/training/work/${encodeURIComponent(id)}`} className="row-link">
          {modelName}
        </Link>
      </Table.Td>
      <Table.Td>{training?.settings?.datasets.map(({ name }) => name).join(', ')}</Table.Td>
      <Table.Td>{shownTime(submittedAt)}</Table.Td>
      <Table.Td>{finishedAt === null ? '–' : shownMs(msBetween(submittedAt, finishedAt))}</Table.Td>
      <Table.Td>{whatCame(listed)}</Table.Td>
    </Table.Tr>
  );
}

function whatCame({ state, training, error }: Listed): string {
  if (error !== null) return error.message;
  if (training === null) return '';
  const { version, reused, gates, stages, progress } = training;
  if (version !== null) {
    const verdict = worseThanLive(gates.map((check) => readCheck(check)));
    return [`Version ${version}`, reused && 'which was there before', verdict].filter(Boolean).join(', ');
  }
  if (isFinal(state)) return '';
  const running = stages.find((stage) => stage.state === 'RUNNING');
  if (running === undefined) return 'Waits for a trainer';
  const share = progress?.of ? `, ${Math.round((100 * progress.done) / progress.of)} %` : '';
  return `${stageLabel(running.name)}${share}`;
}
