import { useMutation } from '@apollo/client/react';
import { Button, Checkbox, Group, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { useIsOperator } from '../../api/signedIn.ts';
import { Problem } from '../../parts/Problem.tsx';
import { SET_ROLLOUT, type SeenModel } from './operations.ts';
import { RolloutPreview } from './RolloutPreview.tsx';
import { ShareBar } from './ShareBar.tsx';
import { ShareRow } from './ShareRow.tsx';
import { areEqual, onlyOf, type Shares, sharesNow, sumOf, trialsNow, withShare } from './shares.ts';

interface RolloutProps {
  readonly model: SeenModel;
  readonly refresh: () => Promise<void>;
}

/** What an operator has changed, but not set yet. */
interface Draft {
  readonly shares: Shares;
  readonly trials: Shares;
  readonly endsRollout: boolean;
}

/** The shares of the versions: dragged, looked at as what they will do, and then set. */
export function Rollout({ model, refresh }: RolloutProps) {
  const isOperator = useIsOperator();
  const now = { shares: sharesNow(model), trials: trialsNow(model) };
  const [query, setQuery] = useSearchParams();
  const [draft, setDraft] = useState<Draft>();
  const wanted = draft ?? draftOf(model, query);
  const isAwaited = wanted === undefined && query.has('version');
  const [moveQueued, setMoveQueued] = useState(false);
  const [setRollout, { loading, error, data, reset }] = useMutation(SET_ROLLOUT);
  const { shares, trials, endsRollout } = wanted ?? { ...now, endsRollout: false };
  const isChanged =
    endsRollout || !areEqual(now.shares, shares) || !areEqual(now.trials, trials) || moveQueued;

  const change = (changes: Partial<Draft>) => {
    reset();
    setDraft({ shares, trials, endsRollout: false, ...changes });
  };
  const drop = () => {
    setDraft(undefined);
    setMoveQueued(false);
    setQuery({}, { replace: true });
  };
  const set = async () => {
    const variables = {
      model: model.name,
      weights: endsRollout ? [] : weightsOf(shares),
      shadow: weightsOf(trials),
      moveQueued,
    };
    try {
      await setRollout({ variables });
      await refresh();
      drop();
    } catch {
      // The error stands below the button.
    }
  };

  const newest = model.versions.findLast(({ origin, state }) => origin === 'FOLDER' && state === 'SERVED');
  const versions = [...shares.keys()].toSorted((a, b) => Number(b) - Number(a));
  const done = data?.setRollout;
  return (
    <Stack gap="sm">
      <ShareBar shares={shares} />
      <ul className="list shares" aria-label="Shares of the versions">
        {versions.map((version) => (
          <ShareRow
            key={version}
            version={version}
            seen={model.versions.find((seen) => seen.version === version)}
            index={[...shares.keys()].indexOf(version)}
            isFixed={!isOperator || (shares.size === 1 && sumOf(shares) > 0)}
            share={shares.get(version) ?? 0}
            trial={trials.get(version) ?? 0}
            isOperator={isOperator}
            onShare={(percent) => change({ shares: withShare(shares, version, percent) })}
            onTrial={(percent) => change({ trials: new Map(trials).set(version, percent) })}
          />
        ))}
      </ul>
      <Text size="sm" c="dimmed">
        A version that is tried (a shadow) also runs that part of the other versions’ tasks. Users do not see
        its answers, and this page compares them.
      </Text>
      {model.rollout === null && !isChanged && (
        <Text size="sm" c="dimmed">
          {model.live.length === 0
            ? 'No version answers yet: the model needs one, with a share of the tasks.'
            : 'No shares are set, so the newest served version of a folder answers all tasks, and a newer one takes its place by itself.'}{' '}
          {isOperator && 'Once shares are set, they stay until they are changed.'}
        </Text>
      )}
      {isAwaited && (
        <Text size="sm" role="status">
          Version {query.get('version')} is not here yet. It appears by itself.
        </Text>
      )}
      {isChanged && (
        <RolloutPreview model={model} now={now} then={{ shares, trials }} endsRollout={endsRollout} />
      )}
      {isOperator && (
        <Group gap="sm">
          <Button
            size="xs"
            disabled={!isChanged || sumOf(shares) === 0}
            loading={loading}
            onClick={() => void set()}
          >
            Set the rollout
          </Button>
          <Button size="xs" variant="default" disabled={!isChanged || loading} onClick={drop}>
            Back to what is set
          </Button>
          {model.rollout !== null && newest !== undefined && (
            <Button
              size="xs"
              variant="default"
              disabled={loading}
              onClick={() => change({ shares: onlyOf(shares, newest.version), endsRollout: true })}
            >
              End the rollout: version {newest.version} answers all
            </Button>
          )}
          <Checkbox
            size="xs"
            label="Move waiting tasks away from versions without a share, which would still answer them"
            checked={moveQueued}
            onChange={({ currentTarget }) => setMoveQueued(currentTarget.checked)}
          />
        </Group>
      )}
      <Problem error={error} />
      <Text size="sm" role="status">
        {done != null && !isChanged && toldOf(done)}
      </Text>
    </Stack>
  );
}

/** A link may bring a draft: `?version=4&share=10`. */
function draftOf(model: SeenModel, query: URLSearchParams): Draft | undefined {
  const version = query.get('version');
  const share = Number(query.get('share') ?? Number.NaN);
  if (version === null || !(share >= 0 && share <= 100)) return undefined;
  const shares = sharesNow(model);
  if (!shares.has(version)) return undefined;
  return { shares: withShare(shares, version, share), trials: trialsNow(model), endsRollout: false };
}

function weightsOf(shares: Shares) {
  return [...shares].filter(([, percent]) => percent > 0).map(([version, percent]) => ({ version, percent }));
}

interface Done {
  readonly movedTasks: number;
  readonly heldTasks: number;
  readonly stoppedBy: string | null;
}

function toldOf({ movedTasks, heldTasks, stoppedBy }: Done): string {
  const moved = movedTasks + heldTasks;
  const stopped = stoppedBy === null ? '' : ' The queue is full, so others still wait: set it again later.';
  return `The rollout is set. All gateways follow within a second.${moved > 0 ? ` ${moved} waiting tasks were moved.` : ''}${stopped}`;
}
