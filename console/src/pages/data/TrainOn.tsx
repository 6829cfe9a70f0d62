import { Button } from '@mantine/core';
import { Link } from 'wouter';
import type { DatasetReport } from './operations.ts';
import { datasetKey } from './trainDraft.ts';

/** Goes to the form of a training, with the dataset filled in. */
export function TrainOn({ dataset }: { readonly dataset: DatasetReport }) {
  const query = new URLSearchParams({ model: dataset.model, dataset: datasetKey(dataset) });
  return (
    <Button component={Link} size="xs" href={`/training/new?${query}`}>
      Train on it
    </Button>
  );
}
