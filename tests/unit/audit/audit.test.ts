/** What is recorded of an action that fails. */
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { Audit } from '../../../src/audit/audit.ts';
import type { AuditEntry } from '../../../src/contract/messages/auditEntry.ts';

test('an action whose former state cannot be told is recorded as failed, and not run', async () => {
  const stored: AuditEntry[] = [];
  const store = async (entry: AuditEntry) => {
    stored.push(entry);
    return { type: 'stored' as const };
  };
  const broker = { now: () => 1, audit: { store, before: async () => [] } };
  const audit = new Audit({ broker: broker as never, log: pino({ level: 'silent' }) });
  const operator = { role: 'operator' } as const;
  const caller = { principal: operator, owner: 'ops', address: '', whyNoOperator: async () => undefined };
  let runs = 0;
  const acting = audit.act(caller, {
    action: 'setRollout',
    target: 'nothing',
    asked: {},
    before: () => {
      throw new Error('there is no such model');
    },
    run: async () => runs++,
    told: () => ({}),
  });
  await expect(acting).rejects.toThrow('there is no such model');
  expect(runs).toBe(0);
  expect(stored).toMatchObject([
    { outcome: 'FAILED', action: 'setRollout', target: 'nothing', owner: 'ops' },
  ]);
});
