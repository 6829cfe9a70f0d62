import { useQuery } from '@apollo/client/react';
import { Skeleton } from '@mantine/core';
import { useRoute } from 'wouter';
import { Page } from '../../parts/Page.tsx';
import { Problem } from '../../parts/Problem.tsx';
import '../../parts/parts.css';
import { ModelList } from './ModelList.tsx';
import { ModelPage } from './ModelPage.tsx';
import './models.css';
import { ASK_EVERY_MS, MODEL_LIST } from './operations.ts';

/** All models, or one of them with its versions. */
export default function ModelsPage() {
  const [, params] = useRoute('/models/:model');
  const { data, error } = useQuery(MODEL_LIST, {
    pollInterval: params === null ? ASK_EVERY_MS : 0,
    fetchPolicy: 'cache-and-network',
  });
  const opened = data?.models.find(({ name }) => name === params?.model);
  if (opened !== undefined) return <ModelPage key={opened.id} model={opened} />;
  const isUnknown = data !== undefined && params !== null;
  return (
    <Page
      title={isUnknown ? `No model has the name ${params.model}` : 'Models'}
      about={
        isUnknown ? 'These models are there.' : 'What is served, and which versions answer how many tasks.'
      }
    >
      <Problem error={error} />
      {data === undefined ? (
        error === undefined && <Skeleton h={160} />
      ) : (
        <ModelList models={data.models} />
      )}
    </Page>
  );
}
