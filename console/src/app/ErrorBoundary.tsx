import { Alert, Button, Code, Stack } from '@mantine/core';
import { Component, type ReactNode } from 'react';

interface Props {
  readonly children: ReactNode;
}

interface State {
  readonly error?: Error | undefined;
}

/** Shows what went wrong in a page instead of an empty window. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = {};

  static getDerivedStateFromError(error: Error): State {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <Alert color="red" title="This page failed" role="alert" m="md">
        <Stack align="start" gap="sm">
          <Code block>{error.message}</Code>
          <Button variant="default" onClick={() => location.reload()}>
            Load it again
          </Button>
        </Stack>
      </Alert>
    );
  }
}
