import { Input } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ModelField } from '../../../api/models.ts';
import { labelWithUnit } from '../../../parts/names.ts';
import { Meaning } from './Meaning.tsx';

interface FieldFrameProps {
  readonly field: ModelField;
  readonly problem: string | undefined;
  /** The control; it is named by the frame. */
  readonly children: ReactNode;
}

/** Label, meaning and problem around a control that is made of several parts. */
export function FieldFrame({ field, problem, children }: FieldFrameProps) {
  return (
    <Input.Wrapper
      labelElement="div"
      label={labelWithUnit(field)}
      withAsterisk={field.default === null}
      description={<Meaning field={field} />}
      error={problem}
      role="group"
      aria-label={labelWithUnit(field)}
    >
      {children}
    </Input.Wrapper>
  );
}
