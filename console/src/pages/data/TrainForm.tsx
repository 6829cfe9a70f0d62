import { useMutation, useQuery } from '@apollo/client/react';
import { Button, Group, NumberInput, Select, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import { newRequestId } from '../../api/requestId.ts';
import { shownCount, shownTime } from '../../parts/figures.ts';
import { Page } from '../../parts/Page.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { DATASETS, TRAIN_MODEL } from './operations.ts';
import { ParamField } from './ParamField.tsx';
import { datasetKey, inputOf, NEW_DRAFT, type TrainDraft, timeoutMsOf } from './trainDraft.ts';
import { useTrainableModels } from './useTrainableModels.ts';

/** Starts a training: the data, how it is judged, and the parameters of the model's recipe. */
export function TrainForm() {
  const [query] = useSearchParams();
  const [, navigate] = useLocation();
  const { models, error: modelsError } = useTrainableModels();
  const [chosen, setChosen] = useState(query.get('model'));
  const model = models?.find(({ name }) => name === chosen) ?? models?.[0];
  const [draft, setDraft] = useState<TrainDraft>({ ...NEW_DRAFT, trainOn: query.get('dataset') });
  const change = (changes: Partial<TrainDraft>) => setDraft({ ...draft, ...changes });
  const { data, error: datasetsError } = useQuery(DATASETS, {
    variables: { model: model?.name ?? null, after: null },
    skip: model === undefined,
    fetchPolicy: 'no-cache',
  });
  const datasets = data?.datasets.edges
    .filter(({ node }) => node.usable)
    .map(({ node }) => ({
      value: datasetKey(node),
      label: `${node.name}, ${shownCount(node.rowCount)} rows, checked ${shownTime(node.createdAt)}`,
    }));
  const [trainModel, { loading, error }] = useMutation(TRAIN_MODEL);
  const start = async () => {
    if (model === undefined) return;
    try {
      const answer = await trainModel({
        variables: {
          input: inputOf(model, draft),
          options: { requestId: newRequestId(), timeoutMs: timeoutMsOf(draft) ?? null },
        },
      });
      if (answer.data !== undefined) navigate(`/data/work/${encodeURIComponent(answer.data.trainModel.id)}`);
    } catch {
      // The error stands below the button.
    }
  };
  return (
    <Page
      title="Train a model"
      about="A version that passes the gate gets a number. It answers nothing until it is given a share."
      aside={
        <Button component={Link} href="/data" variant="default" size="xs">
          Data and trainings
        </Button>
      }
    >
      <Problem error={modelsError ?? datasetsError} />
      {models?.length === 0 && (
        <Text size="sm">
          No model can be trained yet: give one a `training` in its model.json, as docs/training.md tells.
        </Text>
      )}
      {datasets?.length === 0 && model !== undefined && (
        <Text size="sm">
          There is no usable dataset of {model.name} yet.{' '}
          <Link href={`/data/add?model=${encodeURIComponent(model.name)}`} className="link">
            Add one
          </Link>
        </Text>
      )}
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void start();
        }}
      >
        <div className="form-row">
          <Select
            label="Model"
            data={models?.map(({ name }) => name) ?? []}
            value={model?.name ?? null}
            onChange={(name) => {
              setChosen(name);
              setDraft(NEW_DRAFT);
            }}
            allowDeselect={false}
          />
          <Select
            label="Train on"
            placeholder="A dataset"
            data={datasets ?? []}
            value={draft.trainOn}
            onChange={(trainOn) => change({ trainOn })}
            allowDeselect={false}
          />
          <Select
            label="Judge by"
            placeholder="A part of the same data"
            data={datasets?.filter(({ value }) => value !== draft.trainOn) ?? []}
            value={draft.judgeBy}
            onChange={(judgeBy) => change({ judgeBy })}
            clearable
            clearButtonProps={{ 'aria-label': 'Judge by a part of the same data' }}
          />
          {draft.judgeBy === null && (
            <>
              <NumberInput
                label="Held out to judge"
                suffix=" % of the rows"
                min={1}
                max={99}
                value={draft.holdoutPercent}
                onChange={(holdoutPercent) => change({ holdoutPercent })}
              />
              <Select
                label="Which rows"
                data={[
                  { value: 'HASH', label: 'Any, by a digest of the row' },
                  { value: 'TIME', label: 'The latest' },
                ]}
                value={draft.splitBy}
                onChange={(by) => change({ splitBy: by === 'TIME' ? 'TIME' : 'HASH' })}
                allowDeselect={false}
              />
            </>
          )}
        </div>
        {model !== undefined && model.training.params.length > 0 && (
          <section aria-label="Parameters">
            <Title order={2} mb={6}>
              Parameters of {model.training.recipe}
            </Title>
            <div className="form-row params">
              {model.training.params.map((param) => (
                <ParamField
                  key={`${model.name} ${param.name}`}
                  param={param}
                  value={draft.params[param.name]}
                  onChange={(value) => change({ params: { ...draft.params, [param.name]: value } })}
                />
              ))}
            </div>
          </section>
        )}
        <div className="form-row">
          <NumberInput
            label="Seed"
            description="For what the recipe chooses at random"
            allowDecimal={false}
            value={draft.seed}
            onChange={(seed) => change({ seed })}
          />
          <NumberInput
            label="Time limit in hours"
            description={model && `Without one: ${model.training.timeoutMs / 3_600_000} hours`}
            min={0}
            value={draft.hours}
            onChange={(hours) => change({ hours })}
          />
        </div>
        <Group gap="sm">
          <Button type="submit" size="xs" loading={loading} disabled={draft.trainOn === null}>
            Start the training
          </Button>
          {model !== undefined && (
            <Text size="xs" c="dimmed">
              It runs on a trainer of the class {model.training.class}.
            </Text>
          )}
        </Group>
        <Problem error={error} />
      </form>
    </Page>
  );
}
