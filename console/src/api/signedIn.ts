/** What every page may ask: who is signed in, and how to sign in as another. */
import { createContext, useContext } from 'react';
import { hasRole, type Me } from './me.ts';
import type { Session } from './session.ts';

export interface SignedIn {
  readonly me: Me;
  readonly session: Session;
  /** Undefined if the gateway asked for none. */
  readonly token: string | undefined;
  /** Forgets the key or token. */
  readonly signOut: () => void;
  /** @returns why the gateway does not take the token; undefined if it does. */
  readonly signIn: (token: string) => Promise<string | undefined>;
}

const SignedInContext = createContext<SignedIn | undefined>(undefined);

export const SignedInProvider = SignedInContext.Provider;

export function useSignedIn(): SignedIn {
  const signedIn = useContext(SignedInContext);
  if (signedIn === undefined) throw new Error('useSignedIn is for what is inside of SignedInProvider');
  return signedIn;
}

/** Whether the client may submit and change: a viewer only looks. */
export function useMaySubmit(): boolean {
  return hasRole(useSignedIn().me, 'SUBMITTER', 'OPERATOR');
}

export function useIsOperator(): boolean {
  return hasRole(useSignedIn().me, 'OPERATOR');
}

/** Whether the client sees the tasks of every owner. */
export function useSeesAllOwners(): boolean {
  return hasRole(useSignedIn().me, 'VIEWER', 'OPERATOR');
}
