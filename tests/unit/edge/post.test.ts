/** A POST that fails in a way that was not foreseen: no client can provoke it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { ConnectionBudgets } from '../../../src/edge/byteBudget.ts';
import type { EdgeIdentity } from '../../../src/edge/identity.ts';
import { LargeRequests } from '../../../src/edge/largeRequests.ts';
import type { OperationAnswers } from '../../../src/edge/operationAnswers.ts';
import { postHandler } from '../../../src/edge/post.ts';
import { SILENT } from '../../support/models.ts';

const IDENTITY: EdgeIdentity = {
  principal: { owner: 'ada', role: 'submitter' },
  whyNoOperator: async () => undefined,
};

test('a body that cannot be read for an unforeseen reason gives its bytes back to the budget', async () => {
  const config = { maxBodyBytes: 1_024, maxPendingBytes: 4_096 };
  const budgets = new ConnectionBudgets(config);
  const socket = {};
  let taken = 0;
  const answers = {
    readBody() {
      taken = budgets.shareOf(socket).taken;
      throw new Error('unforeseen');
    },
  } as unknown as OperationAnswers;
  const headers = { 'content-type': 'application/json' };
  const request = Object.assign(Readable.from([Buffer.from('{}')], { autoDestroy: false }), {
    headers,
    socket,
  });
  const post = postHandler(answers, { config, budgets, largeRequests: new LargeRequests(), log: SILENT });
  await expect(post(request as unknown as IncomingMessage, {} as ServerResponse, IDENTITY)).rejects.toThrow(
    'unforeseen',
  );
  expect(taken).toBe(2);
  expect(budgets.shareOf(socket).taken).toBe(0);
});
