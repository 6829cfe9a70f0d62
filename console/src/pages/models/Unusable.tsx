import { Alert, List } from '@mantine/core';
import type { SeenModel } from './operations.ts';

/** The versions that cannot answer, each with the reason; nothing if there are none. */
export function Unusable({ model: { versions, unreadableVersions } }: { readonly model: SeenModel }) {
  const refused = versions.filter(({ state }) => state === 'REFUSED');
  const all = [
    ...unreadableVersions.map(({ version, reason }) => ({ version, reason, what: 'cannot be read' })),
    ...refused.map(({ version, reason }) => ({ version, reason, what: 'is refused by its workers' })),
  ];
  if (all.length === 0) return null;
  return (
    <Alert color="red" p="xs" title={all.length === 1 ? 'A version cannot answer' : 'Versions cannot answer'}>
      <List size="sm" className="wrapped">
        {all.map(({ version, reason, what }) => (
          <List.Item key={version}>
            Version {version} {what}: {reason}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
