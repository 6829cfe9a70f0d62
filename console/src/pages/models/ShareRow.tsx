import { Group, NumberInput, Slider, Text } from '@mantine/core';
import { shownPercent } from '../../parts/figures.ts';
import type { SeenVersion } from './operations.ts';
import { colorOf, lookOfVersion } from './versionLook.ts';

interface ShareRowProps {
  readonly version: string;
  /** Undefined if its folder is gone. */
  readonly seen: SeenVersion | undefined;
  /** Its place in the bar, for its colour. */
  readonly index: number;
  readonly isFixed: boolean;
  readonly isOperator: boolean;
  readonly share: number;
  readonly trial: number;
  readonly onShare: (percent: number) => void;
  readonly onTrial: (percent: number) => void;
}

/** A version in the rollout: its share by a slider or a number, and how many tasks are tried on it. */
export function ShareRow({ version, seen, index, isFixed, isOperator, ...row }: ShareRowProps) {
  const { share, trial, onShare, onTrial } = row;
  const { label, color } = seen === undefined ? GONE : lookOfVersion(seen.state);
  return (
    <li>
      <div className="share-version">
        <i style={{ background: colorOf(index) }} aria-hidden="true" />
        <strong>Version {version}</strong>
        <span className="state" data-color={color}>
          {label}
        </span>
      </div>
      {isOperator ? (
        <>
          <Slider
            thumbLabel={`Share of version ${version}`}
            value={share}
            onChange={onShare}
            disabled={isFixed}
            label={null}
            size="sm"
            thumbSize={16}
          />
          <NumberInput
            aria-label={`Share of version ${version} in percent`}
            value={share}
            onChange={(value) => typeof value === 'number' && onShare(value)}
            disabled={isFixed}
            min={0}
            max={100}
            clampBehavior="strict"
            decimalScale={2}
            suffix=" %"
            size="xs"
          />
        </>
      ) : (
        <Text size="sm" className="number" fw={600}>
          {shownPercent(share)}
        </Text>
      )}
      <Text size="xs" c="dimmed" className="number">
        {seen?.observedPercent == null
          ? 'no tasks in the last minute'
          : `${shownPercent(seen.observedPercent)} in the last minute`}
      </Text>
      {isOperator ? (
        <Group gap={6} wrap="nowrap">
          <Text size="xs" c="dimmed" flex="none">
            tried on
          </Text>
          <NumberInput
            aria-label={`Tasks that are also tried on version ${version}, in percent`}
            value={trial}
            onChange={(value) => typeof value === 'number' && onTrial(value)}
            disabled={share === 100 && trial === 0}
            min={0}
            max={100}
            clampBehavior="strict"
            decimalScale={2}
            suffix=" %"
            size="xs"
            w={80}
          />
        </Group>
      ) : (
        <Text size="xs" c="dimmed" className="number">
          {trial > 0 && `${shownPercent(trial)} of the others' tasks are tried on it`}
        </Text>
      )}
    </li>
  );
}

const GONE = { label: 'Its folder is gone', color: 'orange' };
