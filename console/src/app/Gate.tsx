import { ApolloProvider } from '@apollo/client/react';
import { Center, Loader, Stack, Text } from '@mantine/core';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { askMe, hasRole, type Me } from '../api/me.ts';
import { isTemporary, messageOf } from '../api/refusal.ts';
import { openSession, type Session, wait } from '../api/session.ts';
import { SignedInProvider } from '../api/signedIn.ts';
import { Shell } from './Shell.tsx';
import { SignIn } from './SignIn.tsx';
import { useStoredToken } from './useStoredToken.ts';

/** How the gateway knows the client, or why it does not. */
type Known =
  | { readonly is: 'asking'; readonly isAway: boolean }
  | { readonly is: 'refused'; readonly why: string | undefined }
  | { readonly is: 'known'; readonly me: Me };

const ASKING: Known = { is: 'asking', isAway: false };
const ASK_AGAIN_AFTER_MS = 1_000;
/** The gateway closes a WebSocket so if it does not take the key or token, or not any more. */
const REFUSED_CODE = 4403;

/** Asks who the client is, and lets it in or has it sign in. */
export function Gate() {
  const [token, setToken] = useStoredToken();
  const [known, setKnown] = useState<Known>(ASKING);

  useEffect(() => {
    if (known.is !== 'asking') return;
    const left = new AbortController();
    void identify(token, left.signal, setKnown);
    return () => left.abort();
  }, [token, known.is]);

  const signIn = useCallback(
    async (wanted: string): Promise<string | undefined> => {
      try {
        const me = await askMe(wanted);
        // A gateway without a login lets everybody in, and looks at the token for operators only.
        if (known.is === 'known' && !hasRole(me, 'OPERATOR')) {
          const isOpen = await askMe(undefined).then(
            () => true,
            () => false,
          );
          if (isOpen) return 'This is not the operator token of the gateway.';
        }
        setToken(wanted);
        setKnown({ is: 'known', me });
        return undefined;
      } catch (error) {
        return messageOf(error);
      }
    },
    [known.is, setToken],
  );
  const signOut = useCallback(() => {
    setToken(undefined);
    setKnown(ASKING);
  }, [setToken]);
  const askAgain = useCallback(() => setKnown(ASKING), []);

  if (known.is === 'asking') return <Asking isAway={known.isAway} />;
  if (known.is === 'refused') return <SignIn why={known.why} signIn={signIn} />;
  // Another sign-in has a connection and a cache of its own.
  return <Inside key={token ?? ''} {...{ me: known.me, token, signIn, signOut, askAgain }} />;
}

interface InsideProps {
  readonly me: Me;
  readonly token: string | undefined;
  readonly signIn: (token: string) => Promise<string | undefined>;
  readonly signOut: () => void;
  /** Called when the gateway does not take the key or token any more. */
  readonly askAgain: () => void;
}

function Inside({ me, token, signIn, signOut, askAgain }: InsideProps) {
  const [session, setSession] = useState<Session>();
  useEffect(() => {
    const opened = openSession(token);
    setSession(opened);
    const stopListening = opened.socket.on('closed', (event) => {
      if ((event as CloseEvent).code === REFUSED_CODE) askAgain();
    });
    return () => {
      stopListening();
      opened.close();
    };
  }, [token, askAgain]);
  const signedIn = useMemo(
    () => session && { me, session, token, signIn, signOut },
    [me, session, token, signIn, signOut],
  );
  if (signedIn === undefined) return null;
  return (
    <ApolloProvider client={signedIn.session.apollo}>
      <SignedInProvider value={signedIn}>
        <Shell />
      </SignedInProvider>
    </ApolloProvider>
  );
}

function Asking({ isAway }: { readonly isAway: boolean }) {
  return (
    <Center component="main" h="100dvh">
      <Stack align="center" gap="xs">
        <Loader size="sm" aria-label="Connecting" />
        <Text role="status" c="dimmed" size="sm">
          {isAway ? 'The gateway does not answer. The page goes on once it does.' : 'Connecting…'}
        </Text>
      </Stack>
    </Center>
  );
}

/** Asks until the gateway answers. */
async function identify(
  token: string | undefined,
  left: AbortSignal,
  setKnown: (known: Known) => void,
): Promise<void> {
  while (!left.aborted) {
    const known = await askOnce(token);
    if (left.aborted) return;
    setKnown(known);
    if (known.is !== 'asking') return;
    await wait(ASK_AGAIN_AFTER_MS);
  }
}

async function askOnce(token: string | undefined): Promise<Known> {
  try {
    return { is: 'known', me: await askMe(token) };
  } catch (error) {
    if (isTemporary(error)) return { is: 'asking', isAway: true };
    return { is: 'refused', why: token === undefined ? undefined : messageOf(error) };
  }
}
