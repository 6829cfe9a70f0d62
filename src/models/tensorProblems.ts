/** What is wrong with tensors that are right each by itself: their sizes do not fit each other, or a message. */
import { type InputProblem, wrongValue } from '../contract/errors.ts';
import type { Value, Values } from '../contract/values.ts';
import { axisProblems } from './axes.ts';
import { isTensorInput, type Manifest } from './manifest.ts';
import { inlineBytesOf, largestBytesOf } from './valueBytes.ts';

/** @param values checked, each by itself. An input may be absent. */
export function tensorProblems(manifest: Manifest, values: Values): readonly InputProblem[] {
  if (!manifest.inputs.some(isTensorInput)) return [];
  return [...axisProblems(manifest, values), ...textProblems(manifest, values)];
}

/** Texts are never blobs, so those of a tensor must fit into a message. */
function textProblems({ inputs }: Manifest, values: Values): readonly InputProblem[] {
  const texts = inputs.filter((input) => isTensorInput(input) && input.type === 'string');
  return texts.flatMap((input) => {
    const limit = largestBytesOf(input, inlineBytesOf(inputs));
    const bytes = textBytes(values[input.name]);
    return bytes <= limit
      ? []
      : [wrongValue(input.name, `texts of at most ${limit} bytes as JSON`, `${bytes} bytes`)];
  });
}

function textBytes(value: Value | undefined): number {
  const hasTexts = typeof value === 'object' && 'texts' in value;
  return hasTexts ? Buffer.byteLength(JSON.stringify(value.texts)) : 0;
}
