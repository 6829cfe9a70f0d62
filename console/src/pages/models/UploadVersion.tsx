import { useMutation } from '@apollo/client/react';
import { Box, Button, FileButton, Group, Stack, Text, TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import { refusalIn } from '../../api/refusal.ts';
import { type HashedFile, isStopped, useUploads } from '../../api/useUploads.ts';
import { ChosenFiles } from '../../parts/ChosenFiles.tsx';
import { countOf, shownBytes } from '../../parts/figures.ts';
import { Icon } from '../../parts/Icon.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { BroughtVersion } from './BroughtVersion.tsx';
import { REGISTER_VERSION, type SeenModel } from './operations.ts';
import { filesIn, type PickedFile } from './pickedFiles.ts';
import { numberProblem, type PickedVersion, problemsOf, readPicked } from './pickedVersion.ts';

interface UploadVersionProps {
  readonly model: SeenModel;
  /** The largest file that the gateway takes. */
  readonly maxBytes: number;
  readonly refresh: () => Promise<void>;
}

/** More than a version may have: a folder of a model has others beside it. */
const MOST_FILES = 5_000;

/** The folder of a version from the disk of the user: it is checked, sent, and registered. */
export function UploadVersion({ model, maxBytes, refresh }: UploadVersionProps) {
  const { name, versions } = model;
  const [picked, setPicked] = useState<PickedVersion>();
  const [hashed, setHashed] = useState<readonly HashedFile[]>();
  const [number, setNumber] = useState('');
  const [error, setError] = useState<unknown>();
  const [isSending, setSending] = useState(false);
  const [brought, setBrought] = useState<string>();
  const { states, digest, send, stop } = useUploads();
  const newest = useRef<unknown>(undefined);
  const [register] = useMutation(REGISTER_VERSION);
  const refused = refusalIn(error);
  const isNumberRefused = refused?.field === 'version';
  const wrongNumber = isNumberRefused ? refused?.message : numberProblem(number, picked?.sha256, versions);
  const problems = picked === undefined ? new Map() : problemsOf(picked, hashed ?? [], maxBytes);

  const clear = () => {
    stop();
    setPicked(undefined);
    setHashed(undefined);
    setError(undefined);
    setBrought(undefined);
  };
  const attempt = async (run: () => Promise<void>) => {
    setError(undefined);
    try {
      await run();
    } catch (caught) {
      if (!isStopped(caught)) setError(caught);
    }
  };
  const choose = (chosen: Promise<readonly PickedFile[]>) => {
    clear();
    newest.current = chosen;
    return attempt(async () => {
      const read = await readPicked(await chosen, name);
      // Others were chosen while these were read.
      if (newest.current !== chosen) return;
      setPicked(read);
      setNumber(read.number ?? '');
      setHashed(await digest(read.files.map(({ file }) => file)));
    });
  };
  const bring = async () => {
    if (picked === undefined || hashed === undefined) return;
    setSending(true);
    await attempt(async () => {
      await send(hashed);
      const files = picked.files.map(({ path, file }) => ({
        path,
        sha256: hashed.find((each) => each.file === file)?.sha256 ?? '',
      }));
      const { data } = await register({ variables: { model: name, version: number || null, files } });
      clear();
      setBrought(data?.registerVersion.version);
      await refresh();
    });
    setSending(false);
  };

  return (
    <Stack gap="xs">
      <Box
        component="section"
        aria-label="Files of the version"
        className="drop-area"
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          event.preventDefault();
          if (!isSending) void choose(filesIn(event.dataTransfer, MOST_FILES));
        }}
      >
        <Group gap="sm">
          <FileButton
            multiple
            inputProps={{ webkitdirectory: '', 'aria-label': 'Folder of the version' }}
            onChange={(files) => void choose(Promise.resolve(files.map(fromFolder)))}
            disabled={isSending}
          >
            {(props) => (
              <Button {...props} variant="default" size="xs" leftSection={<Icon name="upload" />}>
                Choose a folder
              </Button>
            )}
          </FileButton>
          <FileButton
            multiple
            inputProps={{ 'aria-label': 'Files of the version' }}
            onChange={(files) => void choose(Promise.resolve(files.map(fromFolder)))}
            disabled={isSending}
          >
            {(props) => (
              <Button {...props} variant="default" size="xs">
                Choose files
              </Button>
            )}
          </FileButton>
          <Text size="sm" c="dimmed">
            or drop the folder of a version here: version.json, golden.json and model.onnx.{' '}
            {shownBytes(maxBytes)} each at most.
          </Text>
        </Group>
        {picked !== undefined && (
          <ChosenFiles
            files={picked.files.map(({ path, file }) => ({ name: path, file, problem: problems.get(path) }))}
            states={states}
          />
        )}
      </Box>
      {picked !== undefined && (
        <Stack
          component="form"
          gap="xs"
          onSubmit={(event) => {
            event.preventDefault();
            void bring();
          }}
        >
          <TextInput
            maw={320}
            label={`Version of ${name}`}
            description="Left empty, it gets the next number"
            value={number}
            onChange={({ currentTarget }) => {
              setNumber(currentTarget.value);
              if (isNumberRefused) setError(undefined);
            }}
            error={wrongNumber}
            disabled={isSending}
          />
          <Summary picked={picked} />
          <Group gap="sm">
            <Button
              type="submit"
              size="xs"
              loading={isSending}
              disabled={hashed === undefined || problems.size > 0 || wrongNumber !== undefined}
            >
              Send and register
            </Button>
            <Button variant="default" size="xs" onClick={isSending ? stop : clear}>
              {isSending ? 'Cancel' : 'Clear'}
            </Button>
          </Group>
        </Stack>
      )}
      {!isNumberRefused && <Problem error={error} />}
      {brought !== undefined && <BroughtVersion number={brought} versions={versions} />}
    </Stack>
  );
}

/** What is sent, and what is not. */
function Summary({ picked: { files, leftOut } }: { readonly picked: PickedVersion }) {
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  return (
    <Text size="sm" c="dimmed" className="wrapped">
      {countOf(files.length, 'file')}, {shownBytes(bytes)}. Files that the gateway has already are not sent
      again.
      {leftOut.length > 0 && ` Left out, since version.json does not name them: ${shownNames(leftOut)}.`}
    </Text>
  );
}

const SHOWN_NAMES = 8;

function shownNames(names: readonly string[]): string {
  const more = names.length - SHOWN_NAMES;
  return names.slice(0, SHOWN_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function fromFolder(file: File): PickedFile {
  return { path: file.webkitRelativePath || file.name, file };
}
