import { Group, SegmentedControl, Text } from '@mantine/core';
import { useState } from 'react';
import type { ModelField } from '../../../api/models.ts';
import { labelOf } from '../../../parts/names.ts';
import type { Draft } from '../draft.ts';
import type { Drafts } from '../exampleDrafts.ts';
import { MAP, ZONES, zoneLabel } from './zones.ts';

interface ZoneMapProps {
  /** The inputs that are zones, in the order in which clicks set them. */
  readonly fields: readonly ModelField[];
  readonly drafts: Drafts;
  readonly onChange: (name: string, draft: Draft) => void;
}

/** A map whose zones set one input after another: where a trip begins, then where it ends. */
export function ZoneMap({ fields, drafts, onChange }: ZoneMapProps) {
  const [next, setNext] = useState(0);
  const [hovered, setHovered] = useState<number>();
  const field = fields[next];
  const zone = ZONES.find(({ id }) => id === hovered);

  function choose(id: string | undefined): void {
    if (id === undefined || field === undefined) return;
    onChange(field.name, id);
    setNext((next + 1) % fields.length);
  }

  return (
    <div className="zone-map">
      <Group justify="space-between" gap="xs" mb={6}>
        <SegmentedControl
          size="xs"
          data={fields.map((each, i) => ({ value: String(i), label: labelOf(each) }))}
          value={String(next)}
          onChange={(value) => setNext(Number(value))}
          aria-label="What a click on the map sets"
          transitionDuration={0}
        />
        <Text size="xs" c="dimmed">
          {zone === undefined ? 'Click a zone' : zoneLabel(zone)}
        </Text>
      </Group>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the lists beside the map do the same by keyboard. */}
      <svg
        viewBox={`0 0 ${MAP.width} ${MAP.height}`}
        role="img"
        aria-label="Map of the taxi zones of New York. The lists beside it set the same."
        onClick={({ target }) => choose(zoneOf(target))}
        onPointerMove={({ target }) => setHovered(Number(zoneOf(target)))}
        onPointerLeave={() => setHovered(undefined)}
      >
        {ZONES.map(({ id, path }) => (
          <path key={id} d={path} data-zone={id} data-chosen={chosenAs(String(id), fields, drafts)} />
        ))}
      </svg>
    </div>
  );
}

/** @returns the place of the input in their order, for the colour. */
function chosenAs(id: string, fields: readonly ModelField[], drafts: Drafts): number | undefined {
  const index = fields.findIndex(({ name }) => drafts[name] === id);
  return index < 0 ? undefined : Math.min(index, 1);
}

function zoneOf(target: EventTarget): string | undefined {
  return target instanceof SVGElement ? target.dataset.zone : undefined;
}
