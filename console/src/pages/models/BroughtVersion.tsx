import { Text } from '@mantine/core';
import type { SeenVersion } from './operations.ts';

interface BroughtVersionProps {
  readonly number: string;
  readonly versions: readonly SeenVersion[];
}

/** What becomes of a version that was registered a moment ago, as workers read it. */
export function BroughtVersion({ number, versions }: BroughtVersionProps) {
  const version = versions.find((each) => each.version === number);
  const isRefused = version?.state === 'REFUSED';
  return (
    <Text size="sm" role="status" {...(isRefused && { c: 'red' })} className="wrapped">
      Version {number} is in the registry. {becomes(version)}
    </Text>
  );
}

function becomes(version: SeenVersion | undefined): string {
  switch (version?.state) {
    case 'SERVED':
      return 'Workers serve it: it answers tasks that name it, and those of the share that you give it above.';
    case 'REFUSED':
      return `A worker refuses it: ${version.reason}`;
    case 'LEAVING':
      return 'It is retired.';
    default:
      return 'Workers fetch it and check it.';
  }
}
