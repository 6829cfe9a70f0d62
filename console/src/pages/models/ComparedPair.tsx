import { Table, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { Curves } from '../../parts/Curves.tsx';
import { shownCount, shownNumber, shownPercent } from '../../parts/figures.ts';
import { wordsOf } from '../../parts/names.ts';
import { isUnit } from '../../parts/units.ts';
import { WideTable } from '../../parts/WideTable.tsx';
import type { ComparisonPoint } from './operations.ts';

interface ComparedPairProps {
  readonly version: string;
  readonly shadowVersion: string;
  /** The outputs that are numbers of classes. */
  readonly classes: ReadonlySet<string>;
  /** Oldest first. */
  readonly points: readonly ComparisonPoint[];
}

const COLUMNS = [
  { title: 'Output' },
  ...['Same answers', 'Mean difference', 'Mean absolute difference', 'Largest'].map((title) => ({
    title,
    isNumber: true,
  })),
];

/** How far the answers of a tried version are from those of the version that answers, and how long both take. */
export function ComparedPair({ version, shadowVersion, classes, points }: ComparedPairProps) {
  const pairs = points.map(({ versions }) =>
    versions.find((pair) => pair.version === version && pair.shadowVersion === shadowVersion),
  );
  const latest = pairs.at(-1);
  if (latest === undefined) return null;
  const { sentTasks, comparedTasks, failedTasks, outputs } = latest;
  const others = Math.max(0, sentTasks - comparedTasks - failedTasks);
  const x = points.map(({ atSeconds }) => atSeconds);
  const numbers = outputs.filter((output) => isNumber(output, classes));
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
        <Figure name="Neither" value={others} />
      </dl>
      {others > 0 && (
        <Text size="sm" c="dimmed">
          Neither compared nor failed: these still run, were dropped because there was no room or no time for
          them, or did not succeed on version {version} itself.
        </Text>
      )}
      <div className="curve-pair">
        <Titled
          title={
            numbers.length > 0 ? 'How far its answers are from those that users got' : 'The same answers'
          }
        >
          <Curves
            label={`Difference of version ${shadowVersion} from version ${version}`}
            isTime
            x={x}
            curves={shown.map(({ output, unit }) => ({
              label:
                numbers.length > 0
                  ? `Mean absolute difference of ${wordsOf(output).toLowerCase()}${unitOf(unit)}`
                  : `Same ${wordsOf(output).toLowerCase()}, %`,
              values: pairs.map((_pair, i) => figureOf(outputOf(output, i), numbers.length > 0)),
            }))}
          />
        </Titled>
        <Titled title="Mean time of a run">
          <Curves
            label={`Run times of version ${version} and version ${shadowVersion}`}
            isTime
            x={x}
            curves={[
              {
                label: `Run of version ${version}, ms`,
                values: pairs.map((pair) => pair?.durations.meanComputeMs || null),
              },
              {
                label: `Run of version ${shadowVersion}, ms`,
                values: pairs.map((pair) => pair?.shadowDurations.meanComputeMs || null),
              },
            ]}
          />
        </Titled>
      </div>
      {outputs.length > 0 && <OutputTable outputs={outputs} classes={classes} />}
    </div>
  );
}

type Compared = ComparisonPoint['versions'][number]['outputs'][number];

function isNumber({ output, meanAbsoluteDifference }: Compared, classes: ReadonlySet<string>): boolean {
  return meanAbsoluteDifference !== null && !classes.has(output);
}

function figureOf(output: Compared | undefined, isNumber: boolean): number | null {
  if (output === undefined) return null;
  return isNumber ? output.meanAbsoluteDifference : samePercent(output);
}

function samePercent({ differentCount, count }: Compared): number {
  return 100 * (1 - differentCount / count);
}

function unitOf(unit: string | null): string {
  return isUnit(unit) ? `, ${unit}` : '';
}

function Titled({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div>
      <h4 className="curve-title">{title}</h4>
      {children}
    </div>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: number }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{shownCount(value)}</dd>
    </div>
  );
}

interface OutputTableProps extends Pick<ComparedPairProps, 'classes'> {
  readonly outputs: readonly Compared[];
}

function OutputTable({ outputs, classes }: OutputTableProps) {
  return (
    <WideTable label="Differences of the outputs" columns={COLUMNS}>
      {outputs.map((output) => (
        <Table.Tr key={output.output}>
          <Table.Th scope="row">
            {wordsOf(output.output)}
            {unitOf(output.unit)}
          </Table.Th>
          <Table.Td data-number="true">{shownPercent(samePercent(output))}</Table.Td>
          {[
            ['mean', output.meanDifference] as const,
            ['size', output.meanAbsoluteDifference] as const,
            ['largest', output.largestAbsoluteDifference] as const,
          ].map(([name, value]) => (
            <Table.Td key={name} data-number="true">
              {value === null || !isNumber(output, classes) ? '–' : shownNumber(value)}
            </Table.Td>
          ))}
        </Table.Tr>
      ))}
    </WideTable>
  );
}
