import type { Client as Socket } from 'graphql-ws';
import { useEffect, useState } from 'react';

/** The gateway closes a WebSocket so if it does not take the token, or not any more. */
const REFUSED_CODE = 4403;
const REFUSED = 'refused: log in with a valid token';

/** Shows whether updates arrive now. */
export function Connection({ socket }: { readonly socket: Socket }) {
  const [state, setState] = useState('connecting');
  useEffect(() => {
    const reconnects = () => setState((state) => (state === REFUSED ? state : 'reconnecting'));
    const stopListening = [
      socket.on('connected', () => setState('connected')),
      socket.on('closed', (event) =>
        (event as CloseEvent).code === REFUSED_CODE ? setState(REFUSED) : reconnects(),
      ),
      socket.on('connecting', (isRetry) => isRetry && reconnects()),
    ];
    return () => {
      for (const stop of stopListening) stop();
    };
  }, [socket]);
  return <p role="status">{state}</p>;
}
