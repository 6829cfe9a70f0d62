/**
 * Bounds the lists and texts of tensors in one answer. A task has few bytes for a large tensor, and an operation may ask
 * for many tasks and rows, so without a bound a short request could block the gateway and fill its memory.
 */
import type { GraphQLResolveInfo } from 'graphql';
import { RequestError, RequestErrorCode } from '../src/contract/errors.ts';
import type { Context } from './builder.ts';

/** The most bytes of the tensors of one answer. An item of a list counts like a number of 16 digits. */
export const ANSWER_BYTES = 4 * 1024 * 1024;
export const ITEM_BYTES = 16;

interface Budget {
  /** The event of a subscription that is being answered. Each event has a budget of its own. */
  readonly event: unknown;
  left: number;
}

export class AnswerBudgets {
  readonly #budgets = new WeakMap<Context, Budget>();

  /**
   * Takes bytes from what is left for an answer.
   *
   * @param what is asked for, such as `values of logits`; `instead` what to do.
   * @throws {RequestError} `RESULT_TOO_LARGE`.
   */
  take(
    { context, info }: { readonly context: Context; readonly info: GraphQLResolveInfo },
    bytes: number,
    { what, instead }: { readonly what: string; readonly instead: string },
  ): void {
    const budget = this.#budgetOf(context, info.rootValue);
    if (bytes > budget.left)
      throw new RequestError(
        RequestErrorCode.ResultTooLarge,
        `${what} must fit into the ${ANSWER_BYTES} bytes for tensors in one answer, of which ${budget.left} are left, got about ${bytes}. ${instead}`,
        { details: { limit: ANSWER_BYTES, value: bytes } },
      );
    budget.left -= bytes;
  }

  #budgetOf(context: Context, event: unknown): Budget {
    const known = this.#budgets.get(context);
    if (known !== undefined && known.event === event) return known;
    const budget = { event, left: ANSWER_BYTES };
    this.#budgets.set(context, budget);
    return budget;
  }
}
