import './tables.css';

interface MeterProps {
  readonly label: string;
  /** From 0 to 1. */
  readonly share: number;
  /** From which share on it needs attention. */
  readonly high?: number;
}

/** How full or busy something is, as a bar. */
export function Meter({ label, share, high = 1 }: MeterProps) {
  return <meter className="meter" aria-label={label} min={0} max={1} optimum={0} high={high} value={share} />;
}
