import { useQuery } from '@apollo/client/react';
import { Button, Skeleton, Text } from '@mantine/core';
import { Link } from 'wouter';
import { useIsOperator } from '../../api/signedIn.ts';
import { Page } from '../../parts/Page.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { DatasetView } from './DatasetView.tsx';
import { DATASETS_OF_NAME } from './operations.ts';
import { TrainOn } from './TrainOn.tsx';

interface DatasetPageProps {
  readonly name: string;
  readonly digest: string;
}

/** The report of one dataset. */
export function DatasetPage({ name, digest }: DatasetPageProps) {
  const isOperator = useIsOperator();
  const { data, error } = useQuery(DATASETS_OF_NAME, { variables: { name }, fetchPolicy: 'no-cache' });
  const dataset = data?.datasets.edges.find(({ node }) => node.digest === digest)?.node;
  return (
    <Page
      title={`Dataset ${name}`}
      about={dataset && `For the model ${dataset.model}`}
      aside={
        <>
          <Button component={Link} href="/training" variant="default" size="xs">
            Back to Training
          </Button>
          {isOperator && dataset?.usable === true && <TrainOn dataset={dataset} />}
        </>
      }
    >
      <Problem error={error} />
      {data === undefined && error === undefined && <Skeleton h={240} />}
      {data !== undefined && dataset === undefined && (
        <Text size="sm">It is not among the 20 newest datasets of this name.</Text>
      )}
      {dataset !== undefined && <DatasetView dataset={dataset} />}
    </Page>
  );
}
