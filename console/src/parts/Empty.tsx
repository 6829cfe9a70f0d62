import { Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** What stands in place of an empty list: that it is empty, and what to do. */
export function Empty({ children }: { readonly children: ReactNode }) {
  return (
    <Text size="sm" c="dimmed" pb="xs">
      {children}
    </Text>
  );
}
