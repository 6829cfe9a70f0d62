import { FileInput } from '@mantine/core';
import { labelOf } from '../../../parts/names.ts';
import { useObjectUrl } from '../../../parts/useObjectUrl.ts';
import type { InputFieldProps } from './InputField.tsx';
import { Meaning } from './Meaning.tsx';

/** A WAV file, which can be listened to. */
export function SoundField({ field, draft, onChange, problem }: InputFieldProps) {
  const sound = draft instanceof Blob ? draft : undefined;
  const url = useObjectUrl(sound);
  return (
    <div>
      <FileInput
        label={labelOf(field)}
        description={<Meaning field={field} />}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        placeholder={sound === undefined ? 'Choose a WAV file' : 'The example'}
        accept="audio/wav,.wav"
        value={sound instanceof File ? sound : null}
        onChange={(file) => onChange(file ?? undefined)}
        withAsterisk={field.default === null}
        error={problem}
        clearable
      />
      {url !== undefined && (
        // biome-ignore lint/a11y/useMediaCaption: it is the user's own file.
        <audio controls src={url} className="sound" aria-label={labelOf(field)} />
      )}
    </div>
  );
}
