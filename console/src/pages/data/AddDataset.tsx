import { useMutation, useQuery } from '@apollo/client/react';
import { Box, Button, FileButton, Group, Select, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import { UPLOAD_RULES } from '../../api/uploadRules.ts';
import { useUploads } from '../../api/useUploads.ts';
import { ChosenFiles, sizeProblem } from '../../parts/ChosenFiles.tsx';
import { CommandLine } from '../../parts/CommandLine.tsx';
import { shownBytes } from '../../parts/figures.ts';
import { Icon } from '../../parts/Icon.tsx';
import { Page } from '../../parts/Page.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { ADD_DATASET } from './operations.ts';
import { useTrainableModels } from './useTrainableModels.ts';

const NAME = /^[a-z0-9][a-z0-9_-]*$/;

/** Files from the disk of the user become a dataset: hashed, sent, and checked by a trainer. */
export function AddDataset() {
  const [query] = useSearchParams();
  const [, navigate] = useLocation();
  const { models, error: modelsError } = useTrainableModels();
  const [chosen, setChosen] = useState(query.get('model'));
  const model = chosen ?? models?.[0]?.name ?? null;
  const [name, setName] = useState('');
  const [files, setFiles] = useState<readonly File[]>([]);
  const maxBytes = useQuery(UPLOAD_RULES).data?.uploadRules.artifactMaxBytes ?? Number.POSITIVE_INFINITY;
  const { states, digest, send } = useUploads();
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<unknown>();
  const [addDataset] = useMutation(ADD_DATASET);
  const isTooLarge = files.some((file) => sizeProblem(file, maxBytes) !== undefined);
  const isNameWrong = name !== '' && !NAME.test(name);

  const add = async () => {
    if (model === null) return;
    setSending(true);
    setError(undefined);
    try {
      const hashed = await digest(files);
      await send(hashed);
      const sent = hashed.map(({ file, sha256 }) => ({ name: file.name, sha256 }));
      const { data } = await addDataset({ variables: { input: { name, model, files: sent } } });
      if (data !== undefined) navigate(`/data/work/${encodeURIComponent(data.addDataset.id)}`);
    } catch (caught) {
      setError(caught);
    } finally {
      setSending(false);
    }
  };

  return (
    <Page
      title="Add a dataset"
      about="Parquet or CSV files with the same columns. A trainer checks them before a model is trained on them."
      aside={
        <Button component={Link} href="/data" variant="default" size="xs">
          Data and trainings
        </Button>
      }
    >
      <Problem error={modelsError} />
      {models?.length === 0 && (
        <Text size="sm">
          No model can be trained yet: give one a `training` in its model.json, as docs/training.md tells.
        </Text>
      )}
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <div className="form-row">
          <Select
            label="Model"
            data={models?.map((each) => each.name) ?? []}
            value={model}
            onChange={setChosen}
            allowDeselect={false}
            disabled={isSending}
          />
          <TextInput
            label="Name"
            placeholder="tracts"
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
            error={isNameWrong && 'Lower-case letters, digits, - and _ only'}
            disabled={isSending}
          />
        </div>
        <Box
          component="section"
          aria-label="Files"
          className="drop-area"
          onDragOver={(event) => event.preventDefault()}
          onDrop={(event) => {
            event.preventDefault();
            if (!isSending) setFiles(withFiles(files, [...event.dataTransfer.files]));
          }}
        >
          <Group gap="sm">
            <FileButton
              multiple
              accept=".csv,.parquet"
              onChange={(added) => setFiles(withFiles(files, added))}
              disabled={isSending}
            >
              {(props) => (
                <Button {...props} variant="default" size="xs" leftSection={<Icon name="upload" />}>
                  Choose files
                </Button>
              )}
            </FileButton>
            <Text size="sm" c="dimmed">
              or drop them here.{Number.isFinite(maxBytes) && ` ${shownBytes(maxBytes)} each at most.`}
            </Text>
          </Group>
          <ChosenFiles
            files={files.map((file) => ({ name: file.name, file, problem: sizeProblem(file, maxBytes) }))}
            states={states}
            drop={isSending ? undefined : (file) => setFiles(files.filter((each) => each !== file))}
          />
        </Box>
        <Group gap="sm">
          <Button
            type="submit"
            size="xs"
            loading={isSending}
            disabled={model === null || files.length === 0 || name === '' || isNameWrong || isTooLarge}
          >
            Send and check
          </Button>
          <Text size="xs" c="dimmed">
            Files that the gateway has already are not sent again.
          </Text>
        </Group>
        <Problem error={error} />
        <div>
          <Text size="sm" mb={6}>
            Larger files stay in a folder that all trainers see (DATASETS_DIR):
          </Text>
          <CommandLine
            command={`npm run data -- add ${name || 'tracts'} big.parquet --model ${model ?? 'housing'} --in-folder /data`}
          />
        </div>
      </form>
    </Page>
  );
}

/** A file with the name of another takes its place: a dataset has each name once. */
function withFiles(files: readonly File[], added: readonly File[]): readonly File[] {
  return [...files.filter((file) => !added.some(({ name }) => name === file.name)), ...added];
}
