import { shownTime } from '../../parts/figures.ts';
import type { Stats } from './operations.ts';

/** What needs attention now, the most urgent first, with what to do. New ones are read out. */
export function AlertList({ alerts }: { readonly alerts: Stats['alerts'] }) {
  return (
    <div role="status">
      {alerts.length === 0 ? (
        <p className="calm">
          <span className="state" data-color="teal">
            Nothing needs attention.
          </span>
        </p>
      ) : (
        <ul className="list alerts">
          {alerts.map(({ name, severity, summary, advice, modelName, since }) => (
            <li key={`${name} ${modelName} ${summary}`} data-severity={severity}>
              <strong>{severity === 'CRITICAL' ? 'Critical' : 'Warning'}</strong>
              <div>
                <p className="wrapped">{summary}</p>
                <p className="wrapped dimmed">{advice}</p>
              </div>
              <span className="number dimmed">since {shownTime(since)}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
