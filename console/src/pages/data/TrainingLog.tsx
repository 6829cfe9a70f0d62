import { Box, Group, Switch, Text } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { countOf, shownTime } from '../../parts/figures.ts';
import { Problem } from '../../parts/Problem.tsx';
import { useTrainingLog } from './useTrainingLog.ts';

const LINE_PX = 18;

/** What a training writes. Only the lines in sight are drawn; the newest are followed until the user scrolls up. */
export function TrainingLog({ id }: { readonly id: string }) {
  const { lines, isFull, error } = useTrainingLog(id);
  const [isFollowed, setFollowed] = useState(true);
  const frame = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => frame.current,
    estimateSize: () => LINE_PX,
    overscan: 20,
  });
  useEffect(() => {
    if (isFollowed && lines.length > 0) virtualizer.scrollToIndex(lines.length - 1);
  }, [isFollowed, lines.length, virtualizer]);
  return (
    <>
      <Problem error={error} />
      {lines.length === 0 ? (
        error === undefined && (
          <Text size="sm" c="dimmed">
            Nothing was written yet.
          </Text>
        )
      ) : (
        <>
          <Box
            className="log"
            ref={frame}
            tabIndex={0}
            role="log"
            aria-live="off"
            aria-label="Log of the training"
            onWheel={({ deltaY }) => deltaY < 0 && setFollowed(false)}
          >
            <div style={{ height: virtualizer.getTotalSize() }}>
              {virtualizer.getVirtualItems().map(({ index, start }) => {
                const line = lines[index];
                return (
                  line !== undefined && (
                    <div key={index} className="log-line" style={{ transform: `translateY(${start}px)` }}>
                      <time dateTime={line.at}>{shownTime(line.at)}</time>
                      {line.text}
                    </div>
                  )
                );
              })}
            </div>
          </Box>
          <Group justify="space-between" mt={6} gap="xs">
            <Switch
              size="xs"
              label="Follow the newest lines"
              checked={isFollowed}
              onChange={({ currentTarget }) => setFollowed(currentTarget.checked)}
            />
            <Text size="xs" c="dimmed" className="number">
              {isFull && 'the newest '}
              {countOf(lines.length, 'line')}
            </Text>
          </Group>
        </>
      )}
    </>
  );
}
