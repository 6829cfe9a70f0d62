import { Alert, List } from '@mantine/core';
import { shownPercent } from '../../parts/figures.ts';
import type { SeenModel } from './operations.ts';
import { areEqual, movedPercent, type Shares } from './shares.ts';

interface Both {
  readonly shares: Shares;
  readonly trials: Shares;
}

interface RolloutPreviewProps {
  readonly model: SeenModel;
  readonly now: Both;
  readonly then: Both;
  readonly endsRollout: boolean;
}

/** What a rollout will do, told before it is set. */
export function RolloutPreview({ model, now, then, endsRollout }: RolloutPreviewProps) {
  const changed = [...then.shares]
    .filter(([version, percent]) => (now.shares.get(version) ?? 0) !== percent)
    .toReversed();
  const moved = movedPercent(now.shares, then.shares);
  const unserved = [...then.shares.keys()].filter(
    (version) => gains(version, now, then) && !isServed(model, version),
  );
  const emptied = changed.filter(([, percent]) => percent === 0);
  const lines = [
    ...changed.map(
      ([version, percent]) =>
        `Version ${version} answers ${shownPercent(percent)} of the tasks, now ${shownPercent(now.shares.get(version) ?? 0)}.`,
    ),
    ...(changed.length > 0 && moved > 0
      ? [
          `${shownPercent(moved)} of the tasks go to another version than now. Tasks with the same affinity key, an option of tasks, all go to one version: ${shownPercent(moved)} of the keys change theirs.`,
        ]
      : []),
    ...(emptied.length > 0
      ? [
          `What waits for version ${emptied.map(([version]) => version).join(', ')} is still answered by it, unless waiting tasks are moved. Tasks that name a version keep it.`,
        ]
      : []),
    ...(endsRollout
      ? ['The rollout ends: the newest served version of a folder answers, also one that comes later.']
      : []),
    ...trialLines(now.trials, then.trials),
  ];
  return (
    <Alert
      color={unserved.length > 0 ? 'red' : 'blue'}
      p="xs"
      title="What this will do"
      aria-label="What this will do"
    >
      <List size="sm">
        {lines.map((line) => (
          <List.Item key={line}>{line}</List.Item>
        ))}
        {unserved.map((version) => (
          <List.Item key={version}>
            No worker serves version {version}, so the gateway will refuse it. Wait until one does, or take
            its share away.
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}

function trialLines(now: Shares, then: Shares): readonly string[] {
  if (areEqual(now, then)) return [];
  const tried = [...then].filter(([, percent]) => percent > 0);
  const isAnyNow = [...now.values()].some((percent) => percent > 0);
  return [
    ...tried.map(
      ([version, percent]) =>
        `${shownPercent(percent)} of the tasks of other versions are also tried on version ${version}. Users do not see its answers.`,
    ),
    ...(tried.length === 0 ? ['No version is tried any more.'] : []),
    ...(isAnyNow ? ['The comparison of the trials starts again.'] : []),
  ];
}

function gains(version: string, now: Both, then: Both): boolean {
  const more = (before: Shares, after: Shares) =>
    (after.get(version) ?? 0) > 0 && after.get(version) !== before.get(version);
  return more(now.shares, then.shares) || more(now.trials, then.trials);
}

function isServed({ versions }: SeenModel, version: string): boolean {
  return versions.some((seen) => seen.version === version && seen.state === 'SERVED');
}
