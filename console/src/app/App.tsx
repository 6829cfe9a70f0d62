import { MantineProvider } from '@mantine/core';
import { Router } from 'wouter';
import { ErrorBoundary } from './ErrorBoundary.tsx';
import { Gate } from './Gate.tsx';
import { styleNonce } from './nonce.ts';
import { theme } from './theme.ts';

/** The folder of the page on its gateway, without the last slash. */
const BASE = import.meta.env.BASE_URL.replace(/\/$/, '');

export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={() => styleNonce() ?? ''}>
      <ErrorBoundary>
        <Router base={BASE}>
          <Gate />
        </Router>
      </ErrorBoundary>
    </MantineProvider>
  );
}
