import { useQuery } from '@apollo/client/react';
import { useState } from 'react';
import { ROW_PAGE } from './operations.ts';
import { messageOf } from './refusal.ts';

/** The results of a row batch, page by page. */
export function RowPages({ id }: { readonly id: string }) {
  // The cursors after which the pages so far begin: the first page has none.
  const [cursors, setCursors] = useState<readonly (string | null)[]>([null]);
  const { data, error } = useQuery(ROW_PAGE, { variables: { id, after: cursors.at(-1) ?? null } });
  if (error !== undefined) return <p role="alert">{messageOf(error)}</p>;
  const page = data?.task?.batch?.rows;
  if (page === undefined) return <p>…</p>;

  const { firstRow, rowCount, predictions, errors, pageInfo } = page;
  const minutes = predictions.__typename === 'TripPredictionColumns' ? predictions.durationMinutes : [];
  const messages = new Map(errors.map(({ row, message }) => [row, message]));
  return (
    <details>
      <summary>
        Rows {firstRow + 1} to {firstRow + rowCount}
      </summary>
      <button
        type="button"
        disabled={!pageInfo.hasPreviousPage}
        onClick={() => setCursors(cursors.slice(0, -1))}
      >
        Previous page
      </button>
      <button
        type="button"
        disabled={!pageInfo.hasNextPage}
        onClick={() => setCursors([...cursors, pageInfo.endCursor])}
      >
        Next page
      </button>
      <ol start={firstRow + 1}>
        {minutes.map((value, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place.
          <li key={firstRow + i}>
            {value === null ? messages.get(firstRow + i) : `${value.toFixed(2)} minutes`}
          </li>
        ))}
      </ol>
    </details>
  );
}
