import { Button, Group, Text } from '@mantine/core';
import { type PointerEvent, useEffect, useRef } from 'react';
import { Icon } from '../../../parts/Icon.tsx';

const SIDE = 224;
/** About a seventh of the side, as in the pictures of the model that comes with Tidings. */
const PEN = 30;

interface DrawingAreaProps {
  /** Called with a PNG file after each stroke, and with undefined when the area is cleared. */
  readonly onChange: (picture: Blob | undefined) => void;
}

/** A square to draw in with mouse, pen or finger: dark on white, whatever the colours of the page. */
export function DrawingArea({ onChange }: DrawingAreaProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const changed = useRef(onChange);
  changed.current = onChange;
  const pen = () => canvas.current?.getContext('2d') ?? undefined;

  function clear(): void {
    const context = pen();
    if (context === undefined) return;
    context.fillStyle = '#fff';
    context.fillRect(0, 0, SIDE, SIDE);
  }

  // What was chosen before is not what the area shows.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the area is opened.
  useEffect(() => {
    clear();
    changed.current(undefined);
  }, []);

  function begin(event: PointerEvent<HTMLCanvasElement>): void {
    event.currentTarget.setPointerCapture(event.pointerId);
    const context = pen();
    if (context === undefined) return;
    Object.assign(context, { lineWidth: PEN, lineCap: 'round', lineJoin: 'round', strokeStyle: '#000' });
    context.beginPath();
    context.moveTo(...placeOf(event));
    draw(event);
  }

  function draw(event: PointerEvent<HTMLCanvasElement>): void {
    if (event.buttons === 0) return;
    const context = pen();
    context?.lineTo(...placeOf(event));
    context?.stroke();
  }

  const give = () => canvas.current?.toBlob((picture) => onChange(picture ?? undefined), 'image/png');

  return (
    <>
      <canvas
        ref={canvas}
        width={SIDE}
        height={SIDE}
        className="drawing-area"
        role="img"
        aria-label="An area to draw in with mouse, pen or finger. Without them, choose a picture instead."
        onPointerDown={begin}
        onPointerMove={draw}
        onPointerUp={give}
      />
      <Group gap="xs">
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="eraser" />}
          onClick={() => {
            clear();
            onChange(undefined);
          }}
        >
          Clear
        </Button>
        <Text size="xs" c="dimmed">
          Fill most of the square.
        </Text>
      </Group>
    </>
  );
}

function placeOf({ nativeEvent }: PointerEvent<HTMLCanvasElement>): [number, number] {
  return [nativeEvent.offsetX, nativeEvent.offsetY];
}
