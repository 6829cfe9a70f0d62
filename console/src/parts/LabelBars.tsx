import { shownNumber, shownProbability } from './figures.ts';

export interface LabelScore {
  readonly label: string;
  readonly score: number;
}

interface LabelBarsProps {
  readonly scores: readonly LabelScore[];
  readonly isProbability: boolean;
}

/** The labels with the largest numbers, as bars. */
export function LabelBars({ scores, isProbability }: LabelBarsProps) {
  const shown = isProbability ? shownProbability : shownNumber;
  const largest = Math.max(...scores.map(({ score }) => Math.abs(score)), Number.EPSILON);
  return (
    <ol className="list label-bars">
      {scores.map(({ label, score }) => (
        <li key={label}>
          <span className="label-name">{label}</span>
          <span className="label-track" aria-hidden="true">
            <span style={{ width: `${(Math.max(0, score) / largest) * 100}%` }} />
          </span>
          <span className="number">{shown(score)}</span>
        </li>
      ))}
    </ol>
  );
}
