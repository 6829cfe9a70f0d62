/**
 * Operations over GET. Streams and wrong requests are answered as over POST. Yoga answers an operation with one answer.
 * It parses and checks it a second time, but both times the text is found among the known ones.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ConnectionBudgets } from './byteBudget.ts';
import type { EdgeIdentity } from './identity.ts';
import { hasOneAnswer, type OperationAnswers } from './operationAnswers.ts';
import { Reservation } from './reservation.ts';

interface GetOptions {
  readonly answers: OperationAnswers;
  /** Answers an operation that may be run and has one answer. */
  readonly answerOnce: (
    request: IncomingMessage,
    response: ServerResponse,
    identity: EdgeIdentity,
  ) => unknown;
  readonly budgets: ConnectionBudgets;
}

export function getHandler({ answers, answerOnce, budgets }: GetOptions) {
  return async (
    request: IncomingMessage,
    response: ServerResponse,
    identity: EdgeIdentity,
  ): Promise<void> => {
    using reservation = new Reservation(budgets.shareOf(request.socket));
    reservation.change(request.url?.length ?? 0);
    const reading = answers.admitted(answers.readUrl(request), identity, request);
    await (hasOneAnswer(reading)
      ? answerOnce(request, response, identity)
      : answers.answer(reading, { request, response, identity }));
  };
}
