import { Table } from '@mantine/core';
import type { AuditOutcome } from '../../api/gql/graphql.ts';
import { FactList } from '../../parts/FactList.tsx';
import { shownTime } from '../../parts/figures.ts';
import type { AuditEntry } from './operations.ts';

const OUTCOMES: Readonly<Record<AuditOutcome, readonly [label: string, color: string]>> = {
  BEGUN: ['Begun', 'blue'],
  DONE: ['Done', 'teal'],
  FAILED: ['Failed', 'red'],
  REFUSED: ['Refused', 'orange'],
};

/** One entry of the audit log; its arguments and what they changed open below. */
export function AuditRow({ entry }: { readonly entry: AuditEntry }) {
  const { at, action, outcome, owner, target, address, code, asked, before, after, leftOut } = entry;
  const [label, color] = OUTCOMES[outcome];
  const facts = [
    ['Asked', asked],
    ['Before', before],
    ['After', after],
    ['Left out', leftOut === 0 ? null : `${leftOut} like this one`],
  ] as const;
  return (
    <Table.Tr>
      <Table.Td>{shownTime(at)}</Table.Td>
      <Table.Th scope="row">{action}</Table.Th>
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
        {facts.some(([, value]) => value !== null) && (
          <details>
            <summary>Show</summary>
            <FactList facts={facts} />
          </details>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
