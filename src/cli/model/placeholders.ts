/** Finds the placeholders of a manifest: values that `draftManifest` wrote because the ONNX file does not have them. */
import { UNKNOWN_UNIT } from '../../models/manifest.ts';
import { NUMBER_LIMIT, STRING_MAX_LENGTH, UNDESCRIBED } from './draft.ts';

export interface Placeholder {
  /** The line of the name, counted from 1. */
  readonly line: number;
  /** The name of the model, input or output. */
  readonly name: string;
  /** The members that still have placeholders. */
  readonly members: readonly string[];
  /**
   * Whether it is an output without limits. A draft has none; they restrict the actuals that `liveError` is made of.
   */
  readonly lacksLimits: boolean;
}

/** @param text of model.json, with one member per line. @returns one entry for each name that has placeholders. */
export function placeholders(text: string): readonly Placeholder[] {
  const found: { line: number; name: string; members: string[]; lacksLimits: boolean }[] = [];
  let isOutput = false;
  for (const [i, line] of text.split('\n').entries()) {
    if (line.startsWith('  "outputs": ')) isOutput = true;
    const [, member = '', json = ''] = /^\s*"(\w+)": (.+?),?$/.exec(line) ?? [];
    if (member === 'name')
      found.push({ line: i + 1, name: JSON.parse(json), members: [], lacksLimits: false });
    else if (isPlaceholder(member, json)) {
      const place = found.at(-1);
      place?.members.push(member);
      // Only numbers have a unit.
      if (place !== undefined && isOutput && member === 'unit') place.lacksLimits = true;
    }
  }
  return found.filter(({ members }) => members.length > 0);
}

function isPlaceholder(member: string, json: string): boolean {
  switch (member) {
    case 'description':
      return json.endsWith(`${UNDESCRIBED}"`);
    case 'unit':
      return json === JSON.stringify(UNKNOWN_UNIT);
    case 'minimum':
      return json === String(-NUMBER_LIMIT);
    case 'maximum':
      return json === String(NUMBER_LIMIT);
    case 'maxLength':
      return json === String(STRING_MAX_LENGTH);
    default:
      return false;
  }
}
