/** What trial runs of a graph could have found. */
import type { Found } from '../../src/cli/model/discovery/found.ts';
import type { Shape, TensorType } from '../../src/models/manifest.ts';

type FoundInput = Found['inputs'][number];
type FoundOutput = Found['outputs'][number];

export function found(parts: Partial<Found>): Found {
  return {
    inputs: [foundInput('x', 'float32', [])],
    outputs: [foundOutput('y', 'float32', [])],
    axes: new Map(),
    padding: undefined,
    isBatched: true,
    maxBatchSize: 64,
    fixedBatchSize: undefined,
    rows: [],
    decisions: [],
    ...parts,
  };
}

export function foundInput(
  tensor: string,
  type: TensorType,
  shape: Shape,
  batchAxis: number | null = 0,
): FoundInput {
  return { tensor, type, shape, batchAxis, hint: {} };
}

export function foundOutput(tensor: string, type: TensorType, shape: Shape): FoundOutput {
  return { tensor, type, shape, batchAxis: 0, isOpen: false };
}
