import { Table } from '@mantine/core';
import { useState } from 'react';
import { shownNumber, timeOfDay } from '../../parts/figures.ts';
import { WideTable } from '../../parts/WideTable.tsx';
import type { ModelSample, Sample } from './samples.ts';

interface TrendNumbersProps {
  readonly samples: readonly Sample[];
  readonly ofModel: (sample: Sample) => ModelSample | undefined;
}

const SECONDS_BETWEEN_ROWS = 60;
const COLUMNS = [
  { title: 'Time' },
  ...['Accepted/s', 'Succeeded/s', 'Failed/s', 'Refused/s', 'Waiting', 'In hand', 'Median ms'].map(
    (title) => ({ title, isNumber: true }),
  ),
  ...['99 % within ms', 'Gateway cores', 'Worker cores', 'Trainer cores'].map((title) => ({
    title,
    isNumber: true,
  })),
];

/** What the curves show as numbers, a minute apart, newest first: for screen readers, and to copy. */
export function TrendNumbers({ samples, ofModel }: TrendNumbersProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="numbers" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>The curves as numbers</summary>
      {isOpen && (
        <WideTable label="The curves as numbers, a minute apart" columns={COLUMNS}>
          {minutesOf(samples).map((sample) => {
            const model = ofModel(sample);
            return (
              <Table.Tr key={sample.at}>
                <Table.Td>{timeOfDay(sample.at)}</Table.Td>
                {[
                  model?.accepted,
                  model?.succeeded,
                  model?.failed,
                  model?.refused,
                  model?.waiting,
                  model?.inHand,
                  model?.p50Ms,
                  model?.p99Ms,
                  sample.gateways,
                  sample.workers,
                  sample.trainers,
                ].map((value, i) => (
                  <Table.Td key={COLUMNS[i + 1]?.title} data-number="true">
                    {value == null ? '–' : shownNumber(value)}
                  </Table.Td>
                ))}
              </Table.Tr>
            );
          })}
        </WideTable>
      )}
    </details>
  );
}

/** The newest sample, and those a minute apart before it. */
function minutesOf(samples: readonly Sample[]): readonly Sample[] {
  const chosen: Sample[] = [];
  for (const sample of samples.toReversed()) {
    const later = chosen.at(-1);
    if (later === undefined || later.at - sample.at >= SECONDS_BETWEEN_ROWS) chosen.push(sample);
  }
  return chosen;
}
