import type { ModelField } from '../../../api/models.ts';
import type { Draft } from '../draft.ts';
import { BooleanField } from './BooleanField.tsx';
import { ChoiceField } from './ChoiceField.tsx';
import { PictureField } from './PictureField.tsx';
import { SoundField } from './SoundField.tsx';
import { TensorField } from './TensorField.tsx';
import { TextField } from './TextField.tsx';
import { ZoneField } from './ZoneField.tsx';

export interface InputFieldProps {
  readonly field: ModelField;
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
  /** What the page or the gateway says against the value. */
  readonly problem: string | undefined;
}

/** The unit of inputs whose numbers are taxi zones of New York. */
export const ZONE_UNIT = 'TLC taxi zone';

/** The control that fits the type of an input. */
export function InputField(props: InputFieldProps) {
  const { kind, shape, size, valueType, unit } = props.field;
  if (kind === 'IMAGE') return <PictureField {...props} />;
  if (kind === 'AUDIO') return <SoundField {...props} />;
  if (kind === null && shape !== null) return <TensorField {...props} />;
  if (unit === ZONE_UNIT && size === null) return <ZoneField {...props} />;
  if (valueType === 'ENUM') return <ChoiceField {...props} />;
  if (valueType === 'BOOLEAN' && size === null) return <BooleanField {...props} />;
  return <TextField {...props} />;
}
