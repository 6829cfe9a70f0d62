const WIDTH = 320;
const HEIGHT = 44;
const MARGIN = 3;

/** A small line through numbers; nothing for fewer than three. */
export function Sparkline({ values }: { readonly values: readonly number[] }) {
  if (values.length < 3) return null;
  const least = Math.min(...values);
  const range = Math.max(...values) - least || 1;
  const points = values.map((value, i) => {
    const x = MARGIN + (i / (values.length - 1)) * (WIDTH - 2 * MARGIN);
    const y = HEIGHT - MARGIN - ((value - least) / range) * (HEIGHT - 2 * MARGIN);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      className="sparkline"
      preserveAspectRatio="none"
      aria-hidden="true"
      focusable="false"
    >
      <polyline points={points.join(' ')} />
    </svg>
  );
}
