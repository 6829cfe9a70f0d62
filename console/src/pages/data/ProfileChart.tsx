import { shownNumber, shownPercent } from '../../parts/figures.ts';
import type { DatasetReport } from './operations.ts';

type Profile = DatasetReport['profile'][number];

const WIDTH = 160;
const HEIGHT = 30;

/**
 * How the values of an input are distributed. Names have a bar each, as high as their share. Numbers have bins with about as
 * many rows each, so a bin is as wide as its values reach, and as high as its rows lie close.
 */
export function ProfileChart({ profile }: { readonly profile: Profile }) {
  const bars =
    profile.bounds === null || profile.bounds.length < 3
      ? barsOfShares(profile)
      : barsOfBins(profile, profile.bounds);
  const highest = Math.max(...bars.map(({ height }) => height)) || 1;
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="profile" role="img" aria-label={toldOf(profile)}>
      {bars.map(({ x, width, height, about }) => (
        <rect
          key={x}
          x={x}
          width={Math.max(1, width - 0.5)}
          y={HEIGHT - (height / highest) * HEIGHT}
          height={(height / highest) * HEIGHT}
        >
          <title>{about}</title>
        </rect>
      ))}
    </svg>
  );
}

interface Bar {
  readonly x: number;
  readonly width: number;
  readonly height: number;
  readonly about: string;
}

function barsOfShares({ names, shares, bounds }: Profile): readonly Bar[] {
  const width = WIDTH / shares.length;
  return shares.map((share, i) => ({
    x: i * width,
    width: Math.min(width, 24),
    height: share,
    about: `${names?.[i] ?? (bounds?.[i] === undefined ? 'others' : `up to ${shownNumber(bounds[i])}`)}: ${shownPercent(100 * share)}`,
  }));
}

/** The outer bins have no end, so they are as wide as their neighbours. */
function barsOfBins({ shares }: Profile, bounds: readonly number[]): readonly Bar[] {
  const first = bounds[0] ?? 0;
  const last = bounds.at(-1) ?? first;
  const edges = [first - ((bounds[1] ?? first) - first), ...bounds, last + (last - (bounds.at(-2) ?? last))];
  const start = edges[0] ?? 0;
  const reach = (edges.at(-1) ?? 1) - start || 1;
  return shares.flatMap((share, i) => {
    const [from, to] = [edges[i], edges[i + 1]];
    if (from === undefined || to === undefined || to <= from) return [];
    return {
      x: ((from - start) / reach) * WIDTH,
      width: ((to - from) / reach) * WIDTH,
      height: share / (to - from),
      about: `${shownNumber(from)} to ${shownNumber(to)}: ${shownPercent(100 * share)}`,
    };
  });
}

function toldOf({ input, bounds, names, shares }: Profile): string {
  if (names !== null)
    return `${input}: ${names
      .slice(0, 5)
      .map((name, i) => `${name} ${shownPercent(100 * (shares[i] ?? 0))}`)
      .join(', ')}`;
  const middle = bounds?.[Math.floor((bounds.length - 1) / 2)];
  return middle === undefined ? input : `${input}: half of the values are up to about ${shownNumber(middle)}`;
}
