/** What stands at a control about its input. */
import type { ModelField } from '../../../api/models.ts';

/** Size, limits and default, such as "0 to 1,000". */
export function factsOf(field: ModelField): string {
  const {
    valueType,
    size,
    minimum,
    maximum,
    maxLength,
    maxBytes,
    kind,
    timeZone,
    default: byDefault,
  } = field;
  const facts = [
    ...(size === null ? [] : [`${size} numbers`]),
    ...(minimum === null || maximum === null ? [] : [`${shown(minimum)} to ${shown(maximum)}`]),
    ...(maxLength === null ? [] : [`${shown(maxLength)} characters at most`]),
    ...(maxBytes === null || kind === null ? [] : [`${shownBytes(maxBytes)} at most`]),
    ...(timeZone === null ? [] : [`time in ${timeZone.replaceAll('_', ' ')}`]),
    ...(byDefault === null || valueType === 'BOOLEAN'
      ? []
      : [`${byDefault.replace(/^"|"$/g, '')} if left empty`]),
  ];
  const text = facts.join(', ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function shownBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 ** 2 ? `${Math.round(bytes / 1024)} KiB` : `${Math.round(bytes / 1024 ** 2)} MiB`;
}

function shown(number: number): string {
  return Math.abs(number) >= 1e15 ? number.toExponential(2) : number.toLocaleString('en');
}
