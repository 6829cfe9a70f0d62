import { Select } from '@mantine/core';
import { useState } from 'react';
import { type Curve, Curves } from '../../parts/Curves.tsx';
import { Section } from '../../parts/Section.tsx';
import type { ModelSample, Sample } from './samples.ts';
import { TrendNumbers } from './TrendNumbers.tsx';

interface TrendsProps {
  readonly samples: readonly Sample[];
  /** Their names. */
  readonly models: readonly string[];
}

const PLOT_PX = 140;
const SINCE = 'Since you opened this page, ten minutes at most';

/** What came since the page was opened, ten minutes at most, as curves of all models or of one. */
export function Trends({ samples, models }: TrendsProps) {
  const [model, setModel] = useState<string | null>(null);
  const x = samples.map(({ at }) => at);
  const ofModel = (sample: Sample) => (model === null ? sample.all : sample.byModel.get(model));
  const curve = (label: string, name: keyof ModelSample): Curve => ({
    label,
    values: samples.map((sample) => ofModel(sample)?.[name] ?? null),
  });
  const cores = (label: string, name: 'gateways' | 'workers' | 'trainers'): Curve => ({
    label,
    values: samples.map((sample) => sample[name]),
  });
  const slowest = model === null ? ', slowest model' : '';
  const plots = [
    {
      title: 'Tasks per second',
      curves: [
        curve('accepted', 'accepted'),
        curve('succeeded', 'succeeded'),
        curve('failed', 'failed'),
        curve('refused', 'refused'),
      ],
    },
    { title: 'Tasks that wait or run', curves: [curve('waiting', 'waiting'), curve('in hand', 'inHand')] },
    {
      title: `Time from submission to end, ms${slowest}`,
      curves: [curve('median', 'p50Ms'), curve('99 % within', 'p99Ms')],
    },
    {
      title: 'Processor cores in use',
      curves: [cores('gateways', 'gateways'), cores('workers', 'workers'), cores('trainers', 'trainers')],
    },
  ];
  return (
    <Section
      title={SINCE}
      aside={
        <Select
          aria-label="Curves of"
          placeholder="All models"
          size="xs"
          w={180}
          clearable
          clearButtonProps={{ 'aria-label': 'All models' }}
          data={[...models]}
          value={model}
          onChange={setModel}
          comboboxProps={{ transitionProps: { duration: 0 } }}
        />
      }
    >
      <div className="trends">
        {plots.map(({ title, curves }) => (
          <div key={title.split(',')[0]}>
            <h3 className="curve-title">{title}</h3>
            <Curves label={`${title}, as curves`} curves={curves} x={x} isTime heightPx={PLOT_PX} />
          </div>
        ))}
      </div>
      <TrendNumbers samples={samples} ofModel={ofModel} />
    </Section>
  );
}
