import { Button, Table, Text, VisuallyHidden } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useIsOperator } from '../../api/signedIn.ts';
import { Empty } from '../../parts/Empty.tsx';
import { shownBytes, shownCount, shownNumber, shownPercent } from '../../parts/figures.ts';
import { labelOfMetric, type Output, readCheck } from '../../parts/gateChecks.ts';
import { wordsOf } from '../../parts/names.ts';
import { isUnit } from '../../parts/units.ts';
import { useOutputs } from '../../parts/useGateChecks.ts';
import { Wide } from '../../parts/Wide.tsx';
import type { SeenModel, SeenVersion, SeenWorker } from './operations.ts';
import { RetireButton } from './RetireButton.tsx';
import { sharesNow } from './shares.ts';
import { VersionDrawer } from './VersionDrawer.tsx';
import { lookOfVersion } from './versionLook.ts';

const GATE_TITLE = 'Gate, each over the rows held out of its own training';

interface VersionTableProps {
  readonly model: SeenModel;
  readonly workers: readonly SeenWorker[];
  readonly refresh: () => Promise<void>;
}

interface Fact {
  readonly name: string;
  /** Nothing is shown as a dash. */
  readonly of: (version: SeenVersion) => ReactNode;
}

/** The versions side by side, newest first. */
export function VersionTable({ model, workers, refresh }: VersionTableProps) {
  const isOperator = useIsOperator();
  const [openVersion, setOpenVersion] = useState<string>();
  const versions = model.versions.toReversed();
  const outputs = useOutputs(model.name);
  const opened = versions.find(({ version }) => version === openVersion);
  if (versions.length === 0) return <Empty>It has no version that can be read.</Empty>;
  const groups = [
    { title: 'Now', facts: factsNow(model, workers) },
    { title: 'Where it comes from', facts: ORIGIN },
    { title: GATE_TITLE, facts: gateFacts(versions, outputs) },
    { title: 'Live error, by reported true values of the last 30 days', facts: liveErrorsOf(versions) },
    ...metricGroups(versions),
  ];
  return (
    <>
      <Wide label="Versions side by side">
        <Table className="versions number" fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>
                <VisuallyHidden>Fact</VisuallyHidden>
              </Table.Th>
              {versions.map(({ version }) => (
                <Table.Th key={version} scope="col">
                  Version {version}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody className="version-actions">
            <Table.Tr>
              <Table.Td />
              {versions.map(({ version, origin, state }) => (
                <Table.Td key={version}>
                  <div className="version-buttons">
                    <Button
                      variant="default"
                      size="compact-xs"
                      onClick={() => setOpenVersion(version)}
                      aria-label={`All about it: version ${version}`}
                    >
                      All about it
                    </Button>
                    {isOperator && origin === 'REGISTRY' && state !== 'LEAVING' && (
                      <RetireButton model={model.name} version={version} refresh={refresh} />
                    )}
                  </div>
                </Table.Td>
              ))}
            </Table.Tr>
          </Table.Tbody>
          {groups
            .map(({ title, facts }) => ({
              title,
              facts: facts.filter(({ of }) => versions.some((version) => of(version))),
            }))
            .filter(({ facts }) => facts.length > 0)
            .map(({ title, facts }) => (
              <Table.Tbody key={title}>
                <Table.Tr className="group">
                  <Table.Th colSpan={versions.length + 1} scope="rowgroup">
                    <span>{title}</span>
                  </Table.Th>
                </Table.Tr>
                {facts.map(({ name, of }) => (
                  <Table.Tr key={name}>
                    <Table.Th scope="row">{name}</Table.Th>
                    {versions.map((version) => (
                      <Table.Td key={version.version}>{of(version) || '–'}</Table.Td>
                    ))}
                  </Table.Tr>
                ))}
              </Table.Tbody>
            ))}
        </Table>
      </Wide>
      {opened !== undefined && (
        <VersionDrawer model={model.name} version={opened} close={() => setOpenVersion(undefined)} />
      )}
    </>
  );
}

function factsNow(model: SeenModel, workers: readonly SeenWorker[]): readonly Fact[] {
  const shares = sharesNow(model);
  const memory = ({ version }: SeenVersion) => {
    const served = workers.flatMap(({ models }) =>
      models.filter((served) => served.modelName === model.name && served.version === version),
    );
    const mib = served.reduce((sum, { deviceMemoryMib }) => sum + (deviceMemoryMib ?? 0), 0);
    const providers = [...new Set(served.map(({ provider }) => provider))].join(', ');
    return [providers, mib > 0 ? shownBytes(mib * 1_048_576) : ''].filter(Boolean).join(', ') || null;
  };
  return [
    { name: 'State', of: StateCell },
    { name: 'Share, as set', of: ({ version }) => shownPercent(shares.get(version) ?? 0) },
    {
      name: 'Share, last minute',
      of: ({ observedPercent }) => observedPercent !== null && shownPercent(observedPercent),
    },
    {
      name: 'Tried on (shadow)',
      of: ({ shadowPercent }) => (shadowPercent > 0 ? shownPercent(shadowPercent) : null),
    },
    { name: 'Workers', of: ({ liveWorkers }) => String(liveWorkers) },
    { name: 'Runs on', of: memory },
    { name: 'Size of its files', of: ({ bytes }) => (bytes === null ? null : shownBytes(bytes)) },
  ];
}

function StateCell({ state, reason }: SeenVersion): ReactNode {
  const { label, color } = lookOfVersion(state);
  return (
    <span className="state" data-color={color} title={reason ?? undefined}>
      {label}
    </span>
  );
}

const ORIGIN: readonly Fact[] = [
  { name: 'Origin', of: ({ origin }) => (origin === 'FOLDER' ? 'Folder' : 'Registry') },
  { name: 'Made', of: ({ createdAt }) => createdAt.slice(0, 10) },
  {
    name: 'Trained on',
    of: ({ trainedOn }) => trainedOn.length > 0 && <span className="names">{trainedOn.join(', ')}</span>,
  },
  {
    name: 'By a training',
    of: ({ provenance }) =>
      provenance && `seed ${provenance.seed}${provenance.reproducible ? '' : ', environment of one machine'}`,
  },
  {
    name: 'Gate',
    of: ({ gates }) =>
      gates.length > 0 &&
      `${gates.filter(({ verdict }) => verdict === 'PASS').length} of ${gates.length} passed`,
  },
];

function liveErrorsOf(versions: readonly SeenVersion[]): readonly Fact[] {
  const outputs = new Set(versions.flatMap(({ liveError }) => liveError?.map(({ output }) => output) ?? []));
  return [...outputs].map((name) => ({
    name: wordsOf(name),
    of: ({ liveError }) => {
      const error = liveError?.find(({ output }) => output === name);
      return (
        error &&
        `RMSE ${shownNumber(error.rmse)}, MAE ${shownNumber(error.mae)} ${error.unit}, of ${shownCount(error.count)}`
      );
    },
  }));
}

/** The figures by which each version was judged, each over the rows held out of its own training. */
function gateFacts(versions: readonly SeenVersion[], outputs: readonly Output[]): readonly Fact[] {
  const checks = new Map(
    versions.map(({ version, gates }) => [version, gates.map((check) => readCheck(check, outputs))]),
  );
  const labels = new Set([...checks.values()].flat().map(({ label }) => label));
  return [...labels].map((name) => ({
    name,
    of: ({ version }) => {
      const check = checks.get(version)?.find(({ label }) => label === name);
      if (check?.observed == null) return null;
      return (
        <>
          {check.shown(check.observed)} {check.unit}
          {check.live !== null && <Beneath>live then: {check.shown(check.live)}</Beneath>}
        </>
      );
    },
  }));
}

/** A group for each figure, with a row for each part of the data, so that versions judged by other files stand side by side. */
function metricGroups(versions: readonly SeenVersion[]) {
  const all = versions.flatMap(({ metrics }) => metrics).map(readMetric);
  return [...Map.groupBy(all, ({ title }) => title)].map(([title, own]) => ({
    title,
    facts: [...new Set(own.map(({ part }) => part))].map((part) => ({
      name: part,
      of: ({ metrics }: SeenVersion) => {
        const found = metrics.map(readMetric).filter((each) => each.title === title && each.part === part);
        if (found.length === 0) return null;
        return found.map(({ value, file }) => (
          <div key={file}>
            {value}
            {file !== null && <Beneath>{file}</Beneath>}
          </div>
        ));
      },
    })),
  }));
}

function Beneath({ children }: { readonly children: ReactNode }) {
  return (
    <Text size="xs" c="dimmed" className="names">
      {children}
    </Text>
  );
}

/** Such as "RMSE of price" over "boston.csv, test rows": "Price, RMSE, in US dollars" over the part "test rows" of that file. */
function readMetric({ data, name, unit, value }: SeenVersion['metrics'][number]) {
  const cut = data.lastIndexOf(', ');
  return {
    title: isUnit(unit) && unit !== 'bytes' ? `${labelOfMetric(name)}, in ${unit}` : labelOfMetric(name),
    part: data.slice(cut < 0 ? 0 : cut + 2),
    file: cut < 0 ? null : data.slice(0, cut),
    value: unit === 'bytes' ? shownBytes(value) : shownNumber(value),
  };
}
