/** Subscriptions that go on after a gateway refused them for the moment. */
import type { ApolloClient, OperationVariables, TypedDocumentNode } from '@apollo/client';
import { messageOf, refusalIn } from './refusal.ts';
import { wait } from './session.ts';

interface Watching<Data, Variables extends OperationVariables> {
  readonly query: TypedDocumentNode<Data, Variables>;
  readonly variables: Variables;
  readonly next: (data: Data) => void;
  /** It ended with an error that asking again does not mend. */
  readonly failed: (message: string) => void;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Follows a subscription. A gateway that has just started, or has too much to do, says when to ask again. */
export function watch<Data, Variables extends OperationVariables>(
  apollo: ApolloClient,
  { query, variables, next, failed, signal }: Watching<Data, Variables>,
): void {
  const again = async (error: unknown) => {
    if (signal.aborted) return;
    const retryAfterMs = refusalIn(error)?.retryAfterMs;
    if (retryAfterMs === undefined) return failed(messageOf(error));
    await wait(retryAfterMs);
    if (!signal.aborted) start();
  };
  const start = () => {
    const watching = apollo
      .subscribe<Data>({ query, variables, fetchPolicy: 'no-cache' } as ApolloClient.SubscribeOptions<Data>)
      .subscribe({
        next: ({ data, error }) => {
          if (data != null) next(data);
          if (error !== undefined) void again(error);
        },
        error: (error) => void again(error),
      });
    signal.addEventListener('abort', () => watching.unsubscribe(), { once: true });
  };
  start();
}
