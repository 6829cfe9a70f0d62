import { useQuery } from '@apollo/client/react';
import { Button, Skeleton, Stack } from '@mantine/core';
import { Link } from 'wouter';
import { useIsOperator } from '../../api/signedIn.ts';
import { Page } from '../../parts/Page.tsx';
import { PauseButton } from '../../parts/PauseButton.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { ModelView } from './ModelView.tsx';
import { ASK_EVERY_MS, type ListedModel, MODEL_DETAILS, type SeenModel } from './operations.ts';

/** One model: who answers, its versions side by side, and what operators change of it. */
export function ModelPage({ model }: { readonly model: ListedModel }) {
  const isOperator = useIsOperator();
  const { data, error, refetch } = useQuery(MODEL_DETAILS, {
    variables: { id: model.id },
    pollInterval: ASK_EVERY_MS,
    // Versions have no id of their own, so a cache would mix them with those of the list.
    fetchPolicy: 'no-cache',
  });
  // The id is that of a model.
  const seen = data?.node as SeenModel | null | undefined;
  const refresh = async () => {
    await refetch();
  };
  const path = encodeURIComponent(model.name);
  return (
    <Page
      title={model.name}
      about={model.description}
      aside={
        <>
          <Button component={Link} href="/models" variant="default" size="xs">
            Back to Models
          </Button>
          <Button component={Link} href={`/try/${path}`} variant="default" size="xs">
            Try it
          </Button>
          {model.training !== null && isOperator && (
            <Button component={Link} href={`/training/new?model=${path}`} variant="default" size="xs">
              Train it
            </Button>
          )}
          {isOperator && (
            <PauseButton
              model={model.name}
              isPaused={seen?.isPaused ?? model.isPaused}
              size="xs"
              refresh={refresh}
            />
          )}
        </>
      }
    >
      <Problem error={error} />
      {seen != null && <ModelView model={seen} workers={data?.workers ?? []} refresh={refresh} />}
      {data === undefined && error === undefined && (
        <Stack>
          <Skeleton h={120} />
          <Skeleton h={240} />
        </Stack>
      )}
    </Page>
  );
}
