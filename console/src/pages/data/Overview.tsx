import { Button, Select } from '@mantine/core';
import { Link, useSearchParams } from 'wouter';
import { useIsOperator } from '../../api/signedIn.ts';
import { Icon } from '../../parts/Icon.tsx';
import { Page } from '../../parts/Page.tsx';
import { Section } from '../../parts/Section.tsx';
import { DatasetList } from './DatasetList.tsx';
import { TrainingList } from './TrainingList.tsx';
import { useTrainableModels } from './useTrainableModels.ts';

/** The datasets and the trainings, of all models or of one. */
export function Overview() {
  const isOperator = useIsOperator();
  const { models } = useTrainableModels();
  const [query, setQuery] = useSearchParams();
  const model = query.get('model') ?? undefined;
  const of = model === undefined ? '' : `?model=${encodeURIComponent(model)}`;
  return (
    <Page
      title="Training"
      about="New versions of models, and the data that they are trained on."
      aside={
        <>
          <Select
            aria-label="Model"
            placeholder="All models"
            size="xs"
            w={160}
            clearable
            clearButtonProps={{ 'aria-label': 'All models' }}
            data={models?.map(({ name }) => name) ?? []}
            value={model ?? null}
            onChange={(name) => setQuery(name === null ? {} : { model: name }, { replace: true })}
          />
          {isOperator && (
            <>
              <Button
                component={Link}
                href={`/training/add${of}`}
                size="xs"
                variant="default"
                leftSection={<Icon name="upload" />}
              >
                Add a dataset
              </Button>
              <Button
                component={Link}
                href={`/training/new${of}`}
                size="xs"
                leftSection={<Icon name="play" />}
              >
                Train a model
              </Button>
            </>
          )}
        </>
      }
    >
      <Section title="Trainings">
        <TrainingList key={model ?? ''} model={model} />
      </Section>
      <Section title="Datasets">
        <DatasetList key={model ?? ''} model={model} />
      </Section>
    </Page>
  );
}
