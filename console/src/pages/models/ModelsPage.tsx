import { useQuery } from '@apollo/client/react';
import { Skeleton, Stack, Text } from '@mantine/core';
import { useRoute } from 'wouter';
import { useIsOperator } from '../../api/signedIn.ts';
import { CommandLine } from '../../parts/CommandLine.tsx';
import { Page } from '../../parts/Page.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { Section } from '../../parts/Section.tsx';
import '../../parts/parts.css';
import { ModelList } from './ModelList.tsx';
import { ModelPage } from './ModelPage.tsx';
import './models.css';
import { ASK_EVERY_MS, MODEL_LIST } from './operations.ts';

/** All models, or one of them with its versions. */
export default function ModelsPage() {
  const [, params] = useRoute('/models/:model');
  const isOperator = useIsOperator();
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
      {data === undefined ? error === undefined && <Skeleton h={160} /> : <ModelList models={data.models} />}
      {isOperator && data !== undefined && data.models.length > 0 && <NewModel />}
    </Page>
  );
}

/** A model needs more than its file, so a command makes it on the machine of Tidings. */
function NewModel() {
  return (
    <Section title="Add a model">
      <Stack gap={6}>
        <Text size="sm">
          This command makes a model of an ONNX file, in the folder where Tidings runs. It is there after the
          next start of Tidings. With the name of a model that is there, it makes the next version of it,
          which needs no start. docs/models.md has more.
        </Text>
        <CommandLine command="npm run model -- add path/to/file.onnx --name wine" />
      </Stack>
    </Section>
  );
}
