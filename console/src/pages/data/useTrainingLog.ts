import { useSubscription } from '@apollo/client/react';
import { useEffect, useState } from 'react';
import type { TrainingLogSubscription } from '../../api/gql/graphql.ts';
import { useSignedIn } from '../../api/signedIn.ts';
import { TRAINING_LOG } from './operations.ts';

export type LogLine = TrainingLogSubscription['trainingLog']['lines'][number];

const MOST_LINES = 20_000;

/** The lines of a training, as they come. */
export function useTrainingLog(id: string) {
  const { socket } = useSignedIn().session;
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const { error } = useSubscription(TRAINING_LOG, {
    variables: { id },
    fetchPolicy: 'no-cache',
    onData({ data: { data } }) {
      if (data === undefined) return;
      setLines((before) => [...before, ...data.trainingLog.lines].slice(-MOST_LINES));
    },
  });
  // A subscription that is sent again begins with the first line again.
  useEffect(() => socket.on('connected', () => setLines([])), [socket]);
  return { lines, isFull: lines.length === MOST_LINES, error };
}
