import { ActionIcon, Progress, Text } from '@mantine/core';
import { shownBytes } from '../../parts/figures.ts';
import { Icon } from '../../parts/Icon.tsx';
import type { UploadState } from './useUploads.ts';

interface ChosenFilesProps {
  readonly files: readonly File[];
  readonly states: ReadonlyMap<File, UploadState>;
  /** Undefined while files are sent. */
  readonly drop: ((file: File) => void) | undefined;
}

const STEPS: Readonly<Record<UploadState['step'], string>> = {
  hash: 'Computes its digest',
  send: 'Sends it',
  there: 'The gateway has it',
};

/** The files that were chosen, and how far each is. */
export function ChosenFiles({ files, states, drop }: ChosenFilesProps) {
  if (files.length === 0) return null;
  return (
    <ul className="chosen-files" aria-label="Files" style={{ width: '100%' }}>
      {files.map((file) => {
        const state = states.get(file);
        const percent = state === undefined ? 0 : (100 * state.bytes) / (file.size || 1);
        return (
          <li key={file.name}>
            <span className="wrapped">{file.name}</span>
            <span className="number">{shownBytes(file.size)}</span>
            <div>
              {state !== undefined && (
                <>
                  <Text size="xs" c="dimmed">
                    {STEPS[state.step]}
                  </Text>
                  <Progress
                    value={percent}
                    size="sm"
                    color={state.step === 'there' ? 'teal' : 'cyan'}
                    aria-label={`${STEPS[state.step]}: ${file.name}`}
                  />
                </>
              )}
            </div>
            <ActionIcon
              variant="subtle"
              color="gray"
              disabled={drop === undefined}
              onClick={() => drop?.(file)}
              aria-label={`Leave out ${file.name}`}
            >
              <Icon name="close" />
            </ActionIcon>
          </li>
        );
      })}
    </ul>
  );
}
