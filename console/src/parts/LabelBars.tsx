import { shownNumber } from './figures.ts';

export interface LabelScore {
  readonly label: string;
  readonly score: number;
}

/** The labels with the largest numbers, as bars. */
export function LabelBars({ scores }: { readonly scores: readonly LabelScore[] }) {
  const largest = Math.max(...scores.map(({ score }) => Math.abs(score)), Number.EPSILON);
  return (
    <ol className="list label-bars">
      {scores.map(({ label, score }) => (
        <li key={label}>
          <span className="label-name">{label}</span>
          <span className="label-track" aria-hidden="true">
            <span style={{ width: `${(Math.max(0, score) / largest) * 100}%` }} />
          </span>
          <span className="number">{shownNumber(Number(score.toFixed(4)))}</span>
        </li>
      ))}
    </ol>
  );
}
