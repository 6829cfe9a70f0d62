/**
 * Tries whether rows of different sizes can share a run: a graph with a mask, such as `attention_mask`, must answer a
 * row that is filled up as it answers the row itself.
 */
import type { Column, Columns } from '../../../../workers/runtimes/onnx/encoder.ts';
import { copyCorner } from '../../../../workers/tensorLayout.ts';
import { elementsOf } from '../../../contract/tensor.ts';
import type { Range } from './axisRange.ts';
import type { FoundField } from './found.ts';
import type { Base, GraphTrials } from './graphTrials.ts';
import { type Answer, elementsWhere, isSame, newData } from './tensors.ts';
import { isMask, type Port } from './trialValues.ts';

export interface Padding {
  /** The name of the axis in the manifest. */
  readonly axis: string;
  /** The input that says which elements are real. */
  readonly mask: string;
  readonly buckets: readonly number[];
}

interface PaddingOptions {
  readonly trials: GraphTrials;
  readonly base: Base;
  readonly relative: number;
  readonly ranges: ReadonlyMap<string, Range>;
  /** The axes of the graph, with their names in the manifest. */
  readonly names: ReadonlyMap<string, string>;
  readonly outputs: readonly FoundField[];
}

const SMALLEST_BUCKET = 16;

/** @returns undefined if the graph has no mask, or more than one axis that varies, or answers filled rows otherwise. */
export async function findPadding(options: PaddingOptions): Promise<Padding | undefined> {
  const { trials, base, relative, ranges, names, outputs } = options;
  const [[name, range] = [], ...others] = [...ranges];
  if (name === undefined || range === undefined || others.length > 0) return undefined;
  const masks = trials.ports.filter((port) => isMask(port.name) && port.dims.at(-1) === name);
  const [mask] = masks;
  if (mask === undefined || masks.length > 1 || mask.dims.length !== 2 || mask.type === 'string')
    return undefined;
  const size = base.sizes.get(name) ?? 1;
  const row = trials.row(base, 1);
  const alone = await trials.run(row);
  const filled = await trials.run(filledUp(row, trials.ports, name, size));
  if (alone === undefined || filled === undefined) return undefined;
  const axis = names.get(name) ?? name;
  const isRight = outputs.every((output) => {
    const place = placeOf(output, axis);
    const whole = filled.answers[output.tensor] as Answer;
    const cut = place === undefined ? whole : cutBack(whole, place, size);
    return isSame(alone.answers[output.tensor] as Answer, cut, 10 * relative);
  });
  return isRight ? { axis, mask: mask.name, buckets: bucketsFor(range) } : undefined;
}

/** Doubles an axis with zeros. */
function filledUp(row: Columns, ports: readonly Port[], name: string, size: number): Columns {
  return Object.fromEntries(
    ports.map((port) => {
      const tensor = row[port.name] as Column;
      const place = port.dims.indexOf(name);
      if (place === -1) return [port.name, tensor];
      const dims = tensor.dims.with(place, 2 * size);
      const data = newData(tensor.type, elementsOf(dims));
      copyCorner(tensor.type, { data: tensor.data, shape: tensor.dims }, { data, shape: dims });
      return [port.name, { type: tensor.type, data, dims }];
    }),
  );
}

/** The place of the axis in the graph's tensor. */
function placeOf({ shape, batchAxis }: FoundField, axis: string): number | undefined {
  const place = shape.indexOf(axis);
  if (place === -1) return undefined;
  return batchAxis !== null && batchAxis <= place ? place + 1 : place;
}

function cutBack(answer: Answer, place: number, size: number): Answer {
  const inner = answer.dims.slice(place + 1).reduce((product, length) => product * length, 1);
  const block = inner * (answer.dims[place] ?? 1);
  return {
    data: elementsWhere(answer.data, (i) => i % block < inner * size),
    dims: answer.dims.with(place, size),
  };
}

function bucketsFor({ minimum, maximum }: Range): readonly number[] {
  const buckets: number[] = [];
  for (let size = SMALLEST_BUCKET; size < maximum; size *= 2) if (size >= minimum) buckets.push(size);
  return [...buckets, maximum];
}
