import { useMutation, useQuery } from '@apollo/client/react';
import { Button, Group, NumberInput, Select, Skeleton, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import { newRequestId } from '../../api/requestId.ts';
import { shownCount, shownTime } from '../../parts/figures.ts';
import { Page } from '../../parts/Page.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { DATASETS, SETTINGS_OF_TRAINING, TRAIN_MODEL } from './operations.ts';
import { ParamField } from './ParamField.tsx';
import { datasetKey, draftOf, inputOf, NEW_DRAFT, type TrainDraft, timeoutMsOf } from './trainDraft.ts';
import { useTrainableModels } from './useTrainableModels.ts';

/** Starts a training: new, on the dataset of a link, or with the settings of an earlier one. */
export function TrainForm() {
  const [query] = useSearchParams();
  const again = query.get('again');
  const { data, error } = useQuery(SETTINGS_OF_TRAINING, {
    variables: { id: again ?? '' },
    skip: again === null,
    fetchPolicy: 'no-cache',
  });
  if (again === null)
    return (
      <FilledForm askedModel={query.get('model')} filled={{ ...NEW_DRAFT, trainOn: query.get('dataset') }} />
    );
  const before = data?.task;
  const settings = before?.training?.settings;
  if (before != null && settings != null)
    return <FilledForm key={before.id} askedModel={before.modelName} filled={draftOf(settings)} />;
  return (
    <Page title="Train a model">
      <Problem error={error} />
      {data === undefined && error === undefined && <Skeleton h={240} />}
      {data !== undefined && <Text size="sm">The settings of that training are not known.</Text>}
    </Page>
  );
}

interface FilledFormProps {
  /** Null: the model with the newest dataset. */
  readonly askedModel: string | null;
  readonly filled: TrainDraft;
}

/** The data, how it is judged, and the parameters of the model's recipe. */
function FilledForm({ askedModel, filled }: FilledFormProps) {
  const [, navigate] = useLocation();
  const { models, error: modelsError } = useTrainableModels();
  const [chosen, setChosen] = useState(askedModel);
  const newest = useQuery(DATASETS, { variables: { model: null, after: null }, fetchPolicy: 'no-cache' });
  const name = chosen ?? newest.data?.datasets.edges.find(({ node }) => node.usable)?.node.model;
  const isKnown = chosen !== null || newest.data !== undefined || newest.error !== undefined;
  const model = isKnown ? (models?.find((each) => each.name === name) ?? models?.[0]) : undefined;
  const [draft, setDraft] = useState(filled);
  const change = (changes: Partial<TrainDraft>) => setDraft({ ...draft, ...changes });
  const { data, error: datasetsError } = useQuery(DATASETS, {
    variables: { model: model?.name ?? null, after: null },
    skip: model === undefined,
    fetchPolicy: 'no-cache',
  });
  const listed = data?.datasets.edges
    .filter(({ node }) => node.usable)
    .map(({ node }) => ({
      value: datasetKey(node),
      label: `${node.name}, ${shownCount(node.rowCount)} rows, checked ${shownTime(node.createdAt)}`,
    }));
  // One that is too old for the list may be in a link.
  const linked = [filled.trainOn, filled.judgeBy].filter((key) => key !== null);
  const datasets = listed && [
    ...listed,
    ...linked
      .filter((key) => chosen === askedModel && !listed.some(({ value }) => value === key))
      .map((key) => ({ value: key, label: key.slice(0, key.indexOf(' ') + 9) })),
  ];
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
      if (answer.data !== undefined)
        navigate(`/training/work/${encodeURIComponent(answer.data.trainModel.id)}`);
    } catch {
      // The error stands below the button.
    }
  };
  return (
    <Page
      title="Train a model"
      about="A version that passes the gate gets a number. It answers nothing until it is given a share."
      aside={
        <Button component={Link} href="/training" variant="default" size="xs">
          Back to Training
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
          <Link href={`/training/add?model=${encodeURIComponent(model.name)}`} className="link">
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
