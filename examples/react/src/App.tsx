import { ApolloProvider } from '@apollo/client/react';
import { useEffect, useState } from 'react';
import { Connection } from './Connection.tsx';
import { Login } from './Login.tsx';
import { SubmitTrips } from './SubmitTrips.tsx';
import { openSession, type Session } from './session.ts';
import { TaskList } from './TaskList.tsx';
import { useStoredToken } from './useStoredToken.ts';

export function App() {
  const [token, setToken] = useStoredToken();
  return (
    <main>
      <h1>Trips</h1>
      <Login token={token} onChange={setToken} />
      {/* Another login has a connection, a cache and tasks of its own. */}
      <Tasks key={token ?? ''} token={token} />
    </main>
  );
}

function Tasks({ token }: { readonly token: string | undefined }) {
  const [session, setSession] = useState<Session>();
  useEffect(() => {
    const opened = openSession(token);
    setSession(opened);
    return () => opened.close();
  }, [token]);
  if (session === undefined) return null;
  return (
    <ApolloProvider client={session.apollo}>
      <Connection socket={session.socket} />
      <SubmitTrips />
      <TaskList />
    </ApolloProvider>
  );
}
