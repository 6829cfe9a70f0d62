import { Table, Title } from '@mantine/core';
import { Curves } from '../../parts/Curves.tsx';
import { shownCount, shownNumber, shownPercent } from '../../parts/figures.ts';
import { wordsOf } from '../../parts/names.ts';
import { WideTable } from '../../parts/WideTable.tsx';
import type { ComparisonPoint } from './operations.ts';

interface ComparedPairProps {
  readonly version: string;
  readonly shadowVersion: string;
  /** Oldest first. */
  readonly points: readonly ComparisonPoint[];
}

const COLUMNS = [
  { title: 'Output' },
  ...['Other answers', 'Mean difference', 'Without its sign', 'Largest'].map((title) => ({
    title,
    isNumber: true,
  })),
];

/** How far the answers of a tried version are from those of the version that answers, and how long both take. */
export function ComparedPair({ version, shadowVersion, points }: ComparedPairProps) {
  const pairs = points.map(({ versions }) =>
    versions.find((pair) => pair.version === version && pair.shadowVersion === shadowVersion),
  );
  const latest = pairs.at(-1);
  if (latest === undefined) return null;
  const { sentTasks, comparedTasks, failedTasks, outputs } = latest;
  const x = points.map(({ atSeconds }) => atSeconds);
  const numbers = outputs.filter(({ meanAbsoluteDifference }) => meanAbsoluteDifference !== null);
  const shown = numbers.length > 0 ? numbers : outputs;
  const outputOf = (name: string, i: number) => pairs[i]?.outputs.find(({ output }) => output === name);
  return (
    <div className="compared">
      <Title order={3}>
        Version {shadowVersion}, tried beside version {version}
      </Title>
      <dl className="figures number">
        <Figure name="Sent to it" value={sentTasks} />
        <Figure name="Compared" value={comparedTasks} />
        <Figure name="Failed on it only" value={failedTasks} />
      </dl>
      <div className="curve-pair">
        <Curves
          label={`Difference of version ${shadowVersion} from version ${version}`}
          isTime
          x={x}
          curves={shown.map(({ output, unit }) => ({
            label:
              numbers.length > 0
                ? `Mean difference of ${wordsOf(output).toLowerCase()}${unit === null ? '' : `, ${unit}`}`
                : `Other ${wordsOf(output).toLowerCase()}, %`,
            values: pairs.map((_pair, i) => differenceOf(outputOf(output, i))),
          }))}
        />
        <Curves
          label={`Run times of version ${version} and version ${shadowVersion}`}
          isTime
          x={x}
          curves={[
            {
              label: `Run of version ${version}, ms`,
              values: pairs.map((pair) => pair?.durations.meanComputeMs ?? null),
            },
            {
              label: `Run of version ${shadowVersion}, ms`,
              values: pairs.map((pair) => pair?.shadowDurations.meanComputeMs ?? null),
            },
          ]}
        />
      </div>
      {outputs.length > 0 && <OutputTable outputs={outputs} />}
    </div>
  );
}

type Compared = ComparisonPoint['versions'][number]['outputs'][number];

function differenceOf(output: Compared | undefined): number | null {
  if (output === undefined) return null;
  return output.meanAbsoluteDifference ?? (100 * output.differentCount) / output.count;
}

function Figure({ name, value }: { readonly name: string; readonly value: number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{shownCount(value)}</dd>
    </div>
  );
}

function OutputTable({ outputs }: { readonly outputs: readonly Compared[] }) {
  return (
    <WideTable label="Differences of the outputs" columns={COLUMNS}>
      {outputs.map((output) => (
        <Table.Tr key={output.output}>
          <Table.Th scope="row">
            {wordsOf(output.output)}
            {output.unit !== null && `, ${output.unit}`}
          </Table.Th>
          <Table.Td data-number="true">{shownPercent((100 * output.differentCount) / output.count)}</Table.Td>
          {[
            ['mean', output.meanDifference] as const,
            ['size', output.meanAbsoluteDifference] as const,
            ['largest', output.largestAbsoluteDifference] as const,
          ].map(([name, value]) => (
            <Table.Td key={name} data-number="true">
              {value === null ? '–' : shownNumber(value)}
            </Table.Td>
          ))}
        </Table.Tr>
      ))}
    </WideTable>
  );
}
