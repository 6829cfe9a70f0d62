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
}

/** @param text of model.json, one member a line. @returns one for each name that has any, as they stand. */
export function placeholders(text: string): readonly Placeholder[] {
  const found: { line: number; name: string; members: string[] }[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    const [, member = '', json = ''] = /^\s*"(\w+)": (.+?),?$/.exec(line) ?? [];
    if (member === 'name') found.push({ line: i + 1, name: JSON.parse(json), members: [] });
    else if (isPlaceholder(member, json)) found.at(-1)?.members.push(member);
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
