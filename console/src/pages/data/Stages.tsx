import { Text } from '@mantine/core';
import { msBetween, shownMs } from '../../parts/figures.ts';
import type { WorkTraining } from './operations.ts';
import { lookOfStage, stageLabel } from './stageNames.ts';

/** The stages in their order, with how far each is. */
export function Stages({ stages }: { readonly stages: WorkTraining['stages'] }) {
  return (
    <ol className="list stages" aria-label="Stages">
      {stages.map(({ name, state, startedAt, finishedAt, worker, note }) => {
        const { label, color } = lookOfStage(state);
        return (
          <li key={name} data-color={color} aria-current={state === 'RUNNING' ? 'step' : undefined}>
            <strong>{stageLabel(name)}</strong>
            <div className="number">
              <span className="state" data-color={color}>
                {label}
                {startedAt !== null &&
                  finishedAt !== null &&
                  `, ${shownMs(msBetween(startedAt, finishedAt))}`}
              </span>
            </div>
            {note !== null && (
              <Text size="xs" mt={2}>
                {note}
              </Text>
            )}
            {worker !== null && (
              <Text size="xs" c="dimmed">
                {worker}
              </Text>
            )}
          </li>
        );
      })}
    </ol>
  );
}
