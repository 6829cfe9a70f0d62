import type { ReactNode } from 'react';

interface FactListProps {
  /** Each name once. Those without a value are left out. */
  readonly facts: readonly (readonly [name: string, value: ReactNode])[];
}

/** Names and values, a line each. */
export function FactList({ facts }: FactListProps) {
  return (
    <dl className="facts">
      {facts.map(
        ([name, value]) =>
          value !== null && (
            <div key={name}>
              <dt>{name}</dt>
              <dd className="number wrapped">{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
