import { Table } from '@mantine/core';
import type { AuditOutcome } from '../../api/gql/graphql.ts';
import { FactList } from '../../parts/FactList.tsx';
import { shownMs, shownTime } from '../../parts/figures.ts';
import { wordsOf } from '../../parts/names.ts';
import type { Audited } from './audited.ts';
import type { AuditEntry } from './operations.ts';

const OUTCOMES: Readonly<Record<AuditOutcome, readonly [label: string, color: string]>> = {
  BEGUN: ['Begun, end not known', 'blue'],
  DONE: ['Done', 'teal'],
  FAILED: ['Failed', 'red'],
  REFUSED: ['Refused', 'orange'],
};

/** One action of the audit log; its arguments and what they changed open below. */
export function AuditRow({ action }: { readonly action: Audited<AuditEntry> }) {
  const { at, action: name, outcome, owner, target, address, code, asked, before, after, leftOut } = action;
  const [label, color] = OUTCOMES[outcome];
  const facts = [
    ['Field of the API', name],
    ['Asked', asked],
    ['Before', before],
    ['After', after],
    ['Took', action.tookMs === null ? null : shownMs(action.tookMs)],
    ['Left out', leftOut === 0 ? null : `${leftOut} like this one`],
  ] as const;
  return (
    <Table.Tr>
      <Table.Td>{shownTime(at)}</Table.Td>
      <Table.Th scope="row">{wordsOf(name)}</Table.Th>
      <Table.Td>
        <span className="state" data-color={color}>
          {code === null ? label : `${label}: ${code}`}
        </span>
      </Table.Td>
      <Table.Td>{owner}</Table.Td>
      <Table.Td className="short-id" title={target ?? undefined}>
        {target}
      </Table.Td>
      <Table.Td>{address}</Table.Td>
      <Table.Td className="details">
        <details>
          <summary>Show</summary>
          <FactList facts={facts} />
        </details>
      </Table.Td>
    </Table.Tr>
  );
}
