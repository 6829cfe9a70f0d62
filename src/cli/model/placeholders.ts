/** Where a manifest still holds what `draftManifest` wrote because the file did not say it. */
import { UNKNOWN_UNIT } from '../../models/manifest.ts';
import { NUMBER_LIMIT, STRING_MAX_LENGTH, UNDESCRIBED } from './draft.ts';

export interface Placeholder {
  /** From 1. */
  readonly line: number;
  /** Of the model, input or output. */
  readonly name: string;
  /** Members that wait for a person. */
  readonly members: readonly string[];
  /** An output without limits: they are for the truths that `liveError` is made of, and the draft has none. */
  readonly lacksLimits: boolean;
}

/** @param text of model.json, one member a line. @returns one for each name that has any, as they stand. */
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
