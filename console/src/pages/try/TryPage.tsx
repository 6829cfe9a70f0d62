import { Alert, Group, Select, Skeleton, Stack } from '@mantine/core';
import { useLocation, useRoute } from 'wouter';
import { useModels } from '../../api/models.ts';
import { Page } from '../../parts/Page.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { TryModel } from './TryModel.tsx';

/** A form for any model, and the result as it is pushed. */
export default function TryPage() {
  const { models, error } = useModels();
  const [, params] = useRoute('/try/:model');
  const [, navigate] = useLocation();
  const names = models?.map(({ name }) => name) ?? [];
  const wanted = params?.model;
  const shown =
    wanted === undefined
      ? (models?.find(({ name }) => name === 'trip-duration') ?? models?.[0])
      : models?.find(({ name }) => name === wanted);
  return (
    <Page
      title="Try"
      about="Submit an input, and see the result as it is pushed."
      aside={
        <Select
          aria-label="Model"
          data={names}
          placeholder="Choose a model"
          value={shown?.name ?? null}
          onChange={(name) => name !== null && navigate(`/try/${encodeURIComponent(name)}`)}
          allowDeselect={false}
          searchable={names.length > 8}
          w={220}
        />
      }
    >
      <Problem error={error} />
      {models?.length === 0 && (
        <Alert color="gray">
          This gateway serves no model. Put one into MODELS_DIR, or see docs/models.md for how to add your
          own.
        </Alert>
      )}
      {models !== undefined && models.length > 0 && shown === undefined && (
        <Alert color="gray">There is no model {wanted}. Choose one at the top.</Alert>
      )}
      {models === undefined && error === undefined && <Waiting />}
      {shown !== undefined && <TryModel key={shown.name} model={shown} />}
    </Page>
  );
}

function Waiting() {
  return (
    <Group align="start" grow>
      <Stack>
        <Skeleton h={36} />
        <Skeleton h={36} />
        <Skeleton h={36} />
      </Stack>
    </Group>
  );
}
