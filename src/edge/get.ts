/**
 * Operations over GET. Streams, and what is wrong with a request, are answered as over POST; an operation with one answer
 * is Yoga's, which reads and judges it a second time: both times its text is looked up among the known ones.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ConnectionBudgets } from './byteBudget.ts';
import { hasOneAnswer, type OperationAnswers } from './operationAnswers.ts';
import { Reservation } from './reservation.ts';

interface GetOptions {
  readonly answers: OperationAnswers;
  /** Answers an operation that may be run and has one answer. */
  readonly answerOnce: (request: IncomingMessage, response: ServerResponse) => unknown;
  readonly budgets: ConnectionBudgets;
}

export function getHandler({ answers, answerOnce, budgets }: GetOptions) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    using reservation = new Reservation(budgets.shareOf(request.socket));
    reservation.change(request.url?.length ?? 0);
    const reading = answers.readUrl(request);
    await (hasOneAnswer(reading)
      ? answerOnce(request, response)
      : answers.answer(reading, request, response));
  };
}
