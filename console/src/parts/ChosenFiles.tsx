import { ActionIcon, Progress, Text } from '@mantine/core';
import type { UploadState } from '../api/useUploads.ts';
import { shownBytes } from './figures.ts';
import { Icon } from './Icon.tsx';

export interface ChosenFile {
  readonly name: string;
  readonly file: File;
  /** What is wrong with it. */
  readonly problem?: string | undefined;
}

interface ChosenFilesProps {
  readonly files: readonly ChosenFile[];
  readonly states: ReadonlyMap<File, UploadState>;
  /** Leaves a file out. Undefined where none may be. */
  readonly drop?: ((file: File) => void) | undefined;
}

const STEPS: Readonly<Record<UploadState['step'], string>> = {
  hash: 'Computes its digest',
  hashed: 'Is ready',
  send: 'Sends it',
  there: 'The gateway has it',
};

/** The files that were chosen, what is wrong with each, and how far it is. */
export function ChosenFiles({ files, states, drop }: ChosenFilesProps) {
  if (files.length === 0) return null;
  return (
    <ul className="list chosen-files" aria-label="Files">
      {files.map(({ name, file, problem }) => (
        <li key={name}>
          <span className="wrapped">
            {name}
            {problem !== undefined && (
              <Text size="xs" c="red" role="alert">
                {problem}
              </Text>
            )}
          </span>
          <span className="number">{shownBytes(file.size)}</span>
          <FileProgress name={name} size={file.size} state={states.get(file)} />
          {drop !== undefined && (
            <ActionIcon
              variant="subtle"
              color="gray"
              onClick={() => drop(file)}
              aria-label={`Leave out ${name}`}
            >
              <Icon name="close" />
            </ActionIcon>
          )}
        </li>
      ))}
    </ul>
  );
}

/** @param maxBytes of an artifact. @returns why a file cannot be sent; undefined if its size is right. */
export function sizeProblem({ size }: File, maxBytes: number): string | undefined {
  return size > maxBytes
    ? `It may have ${shownBytes(maxBytes)} at most (BLOB_MAX_UPLOAD_BYTES of the gateway).`
    : undefined;
}

interface FileProgressProps {
  readonly name: string;
  readonly size: number;
  readonly state: UploadState | undefined;
}

function FileProgress({ name, size, state }: FileProgressProps) {
  if (state === undefined) return <div />;
  const { step, bytes } = state;
  return (
    <div>
      <Text size="xs" c="dimmed" className="number">
        {STEPS[step]}
        {step === 'send' && `: ${shownBytes(bytes)} of ${shownBytes(size)}`}
      </Text>
      <Progress
        value={(100 * bytes) / (size || 1)}
        size="sm"
        color={step === 'there' ? 'teal' : 'cyan'}
        aria-label={`${STEPS[step]}: ${name}`}
      />
    </div>
  );
}
