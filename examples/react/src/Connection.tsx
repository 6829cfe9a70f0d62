import type { Client as Socket } from 'graphql-ws';
import { useEffect, useState } from 'react';

/** Shows whether updates arrive now. */
export function Connection({ socket }: { readonly socket: Socket }) {
  const [state, setState] = useState('connecting');
  useEffect(() => {
    const stopListening = [
      socket.on('connected', () => setState('connected')),
      socket.on('closed', () => setState('reconnecting')),
      socket.on('connecting', (isRetry) => isRetry && setState('reconnecting')),
    ];
    return () => {
      for (const stop of stopListening) stop();
    };
  }, [socket]);
  return <p role="status">{state}</p>;
}
