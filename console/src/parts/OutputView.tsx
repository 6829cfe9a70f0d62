import { Text } from '@mantine/core';
import type { ModelField } from '../api/models.ts';
import { type DetectionsValue, DetectionsView } from './DetectionsView.tsx';
import { shownNumber, shownProbability } from './figures.ts';
import { LabelBars, type LabelScore } from './LabelBars.tsx';
import { isProbability, labelOf, unitOf } from './names.ts';
import { type PictureValue, PictureView } from './PictureView.tsx';
import { type TensorValue, TensorView } from './TensorView.tsx';

interface OutputViewProps {
  readonly output: ModelField;
  readonly value: unknown;
}

/** One output with its name, and its value as fits its type. */
export function OutputView({ output, value }: OutputViewProps) {
  return (
    <div>
      <Text size="xs" c="dimmed" title={output.description}>
        {labelOf(output)}
      </Text>
      {value == null ? <Text size="sm">none</Text> : <ValueView output={output} value={value} />}
    </div>
  );
}

function ValueView({ output, value }: OutputViewProps) {
  const { kind, labels, shape } = output;
  const unit = unitOf(output);
  if (kind === 'IMAGE') return <PictureView picture={value as PictureValue} />;
  if (kind === 'DETECTIONS') return <DetectionsView detections={value as DetectionsValue} />;
  if (labels !== null) {
    const { top } = value as { readonly top: readonly LabelScore[] };
    return <LabelBars scores={top} isProbability={isProbability(output)} />;
  }
  if (shape !== null) return <TensorView tensor={value as TensorValue} />;
  if (Array.isArray(value))
    return <Text className="wrapped number">{value.map(shownNumber).join(', ')}</Text>;
  return (
    <Text size="xl" fw={600} className="wrapped number">
      {typeof value !== 'number'
        ? String(value)
        : isProbability(output)
          ? shownProbability(value)
          : shownNumber(value)}
      {unit !== null && (
        <Text span size="sm" c="dimmed" fw={400}>
          {' '}
          {unit}
        </Text>
      )}
    </Text>
  );
}
