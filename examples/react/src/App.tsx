import { ApolloProvider } from '@apollo/client/react';
import { useEffect, useState } from 'react';
import { Connection } from './Connection.tsx';
import { Login } from './Login.tsx';
import { SubmitTrips } from './SubmitTrips.tsx';
import { openSession, type Session } from './session.ts';
import { TaskList } from './TaskList.tsx';
import { useStored } from './useStored.ts';

export function App() {
  const [token, setToken] = useStored<string | undefined>('token', undefined);
  function changeLogin(changed: string | undefined) {
    // Another login has other tasks.
    sessionStorage.clear();
    setToken(changed);
  }
  return (
    <main>
      <h1>Trips</h1>
      <Login token={token} onChange={changeLogin} />
      {/* Another login has a connection and a cache of its own. */}
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
  // The tasks that this tab has submitted.
  const [ids, setIds] = useStored<readonly string[]>('tasks', []);
  if (session === undefined) return null;
  return (
    <ApolloProvider client={session.apollo}>
      <Connection socket={session.socket} />
      <SubmitTrips onSubmitted={(id) => setIds((others) => [id, ...others])} />
      <TaskList ids={ids} />
    </ApolloProvider>
  );
}
