import { Stack } from '@mantine/core';
import type { Values } from '../api/modelOperations.ts';
import type { ModelField } from '../api/models.ts';
import { OutputView } from './OutputView.tsx';

interface PredictionViewProps {
  readonly outputs: readonly ModelField[];
  readonly values: Values;
}

/** Each output of a model, as fits its type. */
export function PredictionView({ outputs, values }: PredictionViewProps) {
  return (
    <Stack gap="sm">
      {outputs.map((output) => (
        <OutputView key={output.name} output={output} value={values[output.name]} />
      ))}
    </Stack>
  );
}
