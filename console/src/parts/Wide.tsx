import { Box } from '@mantine/core';
import type { ReactNode } from 'react';

interface WideProps {
  readonly label: string;
  readonly children: ReactNode;
}

/** What may be wider than the window: it scrolls by itself, also with the keyboard. */
export function Wide({ label, children }: WideProps) {
  return (
    <Box className="wide" tabIndex={0} role="group" aria-label={label}>
      {children}
    </Box>
  );
}
