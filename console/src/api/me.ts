/** Who the client is, as the gateway says. */
import { ApolloClient, InMemoryCache } from '@apollo/client';
import { graphql } from './gql/gql.ts';
import type { MeQuery, Role } from './gql/graphql.ts';
import { httpLink } from './session.ts';

const ME = graphql(`
  query Me {
    me {
      owner
      roles
      quotas {
        name
        limit
        used
        resetsAt
      }
    }
  }
`);

export type Me = MeQuery['me'];

/** Asks with a client of its own, whose answer no cache keeps. @throws what the gateway refuses, or that it does not answer. */
export async function askMe(token: string | undefined): Promise<Me> {
  const apollo = new ApolloClient({ link: httpLink(token), cache: new InMemoryCache() });
  const { data } = await apollo.query({ query: ME, fetchPolicy: 'no-cache' });
  if (data === undefined) throw new Error('The gateway sent no answer.');
  return data.me;
}

export function hasRole({ roles }: Me, ...wanted: readonly Role[]): boolean {
  return roles.some((role) => wanted.includes(role));
}
