import { useQuery } from '@apollo/client/react';
import { Button, Group, Select, Skeleton, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { Empty } from '../../parts/Empty.tsx';
import { Icon } from '../../parts/Icon.tsx';
import { wordsOf } from '../../parts/names.ts';
import { Problem } from '../../parts/Problem.tsx';
import { WideTable } from '../../parts/WideTable.tsx';
import { AuditRow } from './AuditRow.tsx';
import { actionsOf } from './audited.ts';
import { AUDIT_LOG } from './operations.ts';

const COLUMNS = ['When', 'Action', 'Outcome', 'Owner', 'Target', 'Address', 'Details'].map((title) => ({
  title,
}));

/** What operators did, and what clients were refused: a page at a time, the newest first. The filter is for those that are loaded. */
export function AuditLog() {
  const { data, error, loading, refetch, fetchMore } = useQuery(AUDIT_LOG, {
    fetchPolicy: 'no-cache',
    notifyOnNetworkStatusChange: true,
  });
  const [action, setAction] = useState<string | null>(null);
  const [owner, setOwner] = useState<string | null>(null);
  const log = data?.auditLog;
  const actions = actionsOf(log?.edges.map(({ node }) => node) ?? []);
  const shown = actions.filter(
    (each) => (action === null || each.action === action) && (owner === null || each.owner === owner),
  );
  const askOlder = () =>
    fetchMore({
      variables: { after: log?.pageInfo.endCursor },
      updateQuery: ({ auditLog: shown }, { fetchMoreResult: { auditLog: older } }) => ({
        auditLog: { ...older, edges: [...shown.edges, ...older.edges] },
      }),
    });
  return (
    <Stack gap="md">
      <Group justify="space-between" gap="xs">
        <Text size="sm" c="dimmed">
          What operators did on all gateways, and what clients were refused; the newest first.
        </Text>
        <Group gap="xs">
          <AuditFilter
            label="Action"
            values={actions.map((each) => each.action)}
            shown={wordsOf}
            value={action}
            onChange={setAction}
          />
          <AuditFilter
            label="Owner"
            values={actions.map((each) => each.owner)}
            value={owner}
            onChange={setOwner}
          />
          <Button
            variant="default"
            size="xs"
            leftSection={<Icon name="refresh" />}
            loading={loading}
            onClick={() => void refetch().catch(() => {})}
          >
            Show the newest
          </Button>
        </Group>
      </Group>
      <Problem error={error} />
      {log === undefined && loading && <Skeleton h={160} />}
      {log?.edges.length === 0 && (
        <Empty>Nothing is recorded yet. Each change by an operator gets an entry here.</Empty>
      )}
      {actions.length > 0 && shown.length === 0 && (
        <Empty>None of the {actions.length} newest is so. Show older ones, or change the filter.</Empty>
      )}
      {shown.length > 0 && (
        <WideTable label="Audit log" columns={COLUMNS}>
          {shown.map((each) => (
            <AuditRow key={each.id} action={each} />
          ))}
        </WideTable>
      )}
      {log?.pageInfo.hasNextPage && (
        <Group>
          <Button
            variant="default"
            size="xs"
            loading={loading}
            onClick={() => void askOlder().catch(() => {})}
          >
            Show older ones
          </Button>
        </Group>
      )}
    </Stack>
  );
}

interface AuditFilterProps {
  readonly label: string;
  readonly values: readonly string[];
  readonly shown?: (value: string) => string;
  readonly value: string | null;
  readonly onChange: (value: string | null) => void;
}

function AuditFilter({ label, values, shown = String, value, onChange }: AuditFilterProps) {
  return (
    <Select
      aria-label={label}
      placeholder={`${label}: all`}
      size="xs"
      className="audit-filter"
      clearable
      clearButtonProps={{ 'aria-label': `${label}: all` }}
      data={[...new Set(values)].map((each) => ({ value: each, label: shown(each) }))}
      value={value}
      onChange={onChange}
      comboboxProps={{ transitionProps: { duration: 0 } }}
    />
  );
}
