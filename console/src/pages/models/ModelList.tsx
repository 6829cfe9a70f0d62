import { Badge, Group, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import { CommandLine } from '../../parts/CommandLine.tsx';
import { Empty } from '../../parts/Empty.tsx';
import { countOf, shownPercent } from '../../parts/figures.ts';
import type { ListedModel } from './operations.ts';
import { ShareBar } from './ShareBar.tsx';
import { sharesNow } from './shares.ts';

/** A row for each model: who answers, and what needs a look. */
export function ModelList({ models }: { readonly models: readonly ListedModel[] }) {
  if (models.length === 0)
    return (
      <Stack gap={0}>
        <Empty>
          No model is served. Put a folder into MODELS_DIR, as docs/models.md tells, or make one from a file
          that you have:
        </Empty>
        <CommandLine command="npm run model -- add model.onnx" />
      </Stack>
    );
  return (
    <ul className="list model-list" aria-label="Models">
      {models.map((model) => (
        <ModelRow key={model.name} model={model} />
      ))}
    </ul>
  );
}

function ModelRow({ model }: { readonly model: ListedModel }) {
  const shares = sharesNow(model);
  const { name, description, versions, unreadableVersions, isPaused, training } = model;
  const refused = versions.filter(({ state }) => state === 'REFUSED').length;
  const tried = versions.filter(({ shadowPercent }) => shadowPercent > 0);
  const workers = Math.max(0, ...versions.map(({ liveWorkers }) => liveWorkers));
  return (
    <li>
      <div>
        <Link href={`/models/${encodeURIComponent(name)}`} className="model-name">
          {name}
        </Link>
        <Text size="sm" c="dimmed" lineClamp={2}>
          {description}
        </Text>
      </div>
      <div>
        <ShareBar shares={shares} />
        <Text size="xs" mt={4} className="number">
          {[...shares]
            .filter(([, percent]) => percent > 0)
            .map(([version, percent]) => `Version ${version}: ${shownPercent(percent)}`)
            .join(' · ') || 'No version answers'}
        </Text>
      </div>
      <Text size="xs" c="dimmed" className="number">
        {countOf(versions.length, 'version')} · {countOf(workers, 'worker')}
      </Text>
      <Group gap={4}>
        {isPaused && <Badge color="orange">Paused</Badge>}
        {workers === 0 && <Badge color="red">No worker</Badge>}
        {refused > 0 && <Badge color="red">{refused} refused</Badge>}
        {unreadableVersions.length > 0 && <Badge color="red">{unreadableVersions.length} unreadable</Badge>}
        {tried.length > 0 && (
          <Badge color="violet">Tries {tried.map(({ version }) => version).join(', ')}</Badge>
        )}
        {training !== null && <Badge color="gray">Can be trained</Badge>}
      </Group>
    </li>
  );
}
