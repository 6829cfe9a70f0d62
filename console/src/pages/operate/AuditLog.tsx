import { useQuery } from '@apollo/client/react';
import { Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { Empty } from '../../parts/Empty.tsx';
import { Icon } from '../../parts/Icon.tsx';
import { Problem } from '../../parts/Problem.tsx';
import { WideTable } from '../../parts/WideTable.tsx';
import { AuditRow } from './AuditRow.tsx';
import { AUDIT_LOG } from './operations.ts';

const COLUMNS = ['When', 'Action', 'Outcome', 'Owner', 'Target', 'Address', 'Details'].map((title) => ({
  title,
}));

/** What operators did, and what clients were refused: a page at a time, the newest first. */
export function AuditLog() {
  const { data, error, loading, refetch, fetchMore } = useQuery(AUDIT_LOG, {
    fetchPolicy: 'no-cache',
    notifyOnNetworkStatusChange: true,
  });
  const log = data?.auditLog;
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
      <Problem error={error} />
      {log === undefined && loading && <Skeleton h={160} />}
      {log?.edges.length === 0 && (
        <Empty>Nothing is recorded yet. Each change by an operator gets an entry here.</Empty>
      )}
      {log !== undefined && log.edges.length > 0 && (
        <WideTable label="Audit log" columns={COLUMNS}>
          {log.edges.map(({ cursor, node }) => (
            <AuditRow key={cursor} entry={node} />
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
