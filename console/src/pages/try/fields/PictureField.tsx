import { Button, FileButton, Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Icon } from '../../../parts/Icon.tsx';
import { useObjectUrl } from '../../../parts/useObjectUrl.ts';
import { shownBytes } from './about.ts';
import { DrawingArea } from './DrawingArea.tsx';
import { FieldFrame } from './FieldFrame.tsx';
import type { InputFieldProps } from './InputField.tsx';

const FORMATS = 'image/jpeg,image/png,image/webp,image/gif';
/** A picture of this many pixels a side, or fewer, is one that a person can draw. */
const DRAWN_PIXELS = 64;

/** A picture: dropped or chosen, or drawn if the model takes such a small one. */
export function PictureField({ field, draft, onChange, problem }: InputFieldProps) {
  const picture = draft instanceof Blob ? draft : undefined;
  const url = useObjectUrl(picture);
  const canDraw = field.shape?.some(({ size }) => size !== null && size > 8 && size <= DRAWN_PIXELS) ?? false;
  const [isDrawing, setDrawing] = useState(false);
  return (
    <FieldFrame field={field} problem={problem}>
      <Stack gap={6} mt={4} align="start">
        {canDraw && (
          <SegmentedControl
            size="xs"
            data={[
              { value: 'file', label: 'Picture' },
              { value: 'draw', label: 'Draw' },
            ]}
            value={isDrawing ? 'draw' : 'file'}
            onChange={(value) => setDrawing(value === 'draw')}
            aria-label="How the picture is given"
            transitionDuration={0}
          />
        )}
        {isDrawing ? (
          <DrawingArea onChange={onChange} />
        ) : (
          // biome-ignore lint/a11y/noStaticElementInteractions: the button in it does the same by keyboard.
          <div
            className="drop-area"
            onDragOver={(event) => event.preventDefault()}
            onDrop={(event) => {
              event.preventDefault();
              const file = event.dataTransfer.files[0];
              if (file !== undefined) onChange(file);
            }}
          >
            {url !== undefined && <img src={url} alt="What is sent" className="picture" />}
            <Group gap="xs">
              <FileButton onChange={(file) => file !== null && onChange(file)} accept={FORMATS}>
                {(props) => (
                  <Button {...props} variant="default" size="xs" leftSection={<Icon name="upload" />}>
                    Choose a picture
                  </Button>
                )}
              </FileButton>
              <Text size="xs" c="dimmed">
                or drop one here{picture !== undefined && ` (now ${shownBytes(picture.size)})`}
              </Text>
            </Group>
          </div>
        )}
      </Stack>
    </FieldFrame>
  );
}
