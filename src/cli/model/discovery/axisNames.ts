/** Names the axes of a manifest after those of the file, or after what they probably are. */
import type { Port } from './trialValues.ts';
import type { View } from './views.ts';

/** A picture has so many channels at most. */
const MOST_CHANNELS = 4;
const MAX_LENGTH = 63;

/** @param names those of the ports. @returns by name: the name in the manifest. */
export function axisNames(
  ports: readonly Port[],
  view: View,
  names: readonly string[],
): ReadonlyMap<string, string> {
  const result = new Map<string, string>();
  const taken = new Set<string>();
  for (const name of names) {
    const wanted = plainName(name) ?? likelyName(ports, view, name);
    let chosen = wanted;
    for (let number = 2; taken.has(chosen); number++) chosen = `${wanted}${number}`;
    taken.add(chosen);
    result.set(name, chosen);
  }
  return result;
}

/** @returns undefined for a name that only a machine gave. */
function plainName(name: string): string | undefined {
  if (/[#:]|^unk__|^dynamic_|_dim_\d+$|^None/.test(name)) return undefined;
  const words = name.match(/[A-Za-z]+|[0-9]+/g) ?? [];
  const [first = '', ...others] = words.map((word) => word);
  if (!/^[A-Za-z]/.test(first)) return undefined;
  const camel = others.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return (first.charAt(0).toLowerCase() + first.slice(1) + camel).slice(0, MAX_LENGTH - 2);
}

function likelyName(ports: readonly Port[], { axes }: View, name: string): string {
  const port = ports.find(({ dims }) => dims.includes(name));
  if (port === undefined) return 'length';
  const row = port.dims.filter((_, i) => i !== axes.get(port.name));
  const place = row.indexOf(name);
  const isChannels = (size: number | string | undefined) => typeof size === 'number' && size <= MOST_CHANNELS;
  if (row.length === 3 && isChannels(row[0])) return place === 1 ? 'height' : 'width';
  if (row.length === 3 && isChannels(row[2])) return place === 0 ? 'height' : 'width';
  return 'length';
}
