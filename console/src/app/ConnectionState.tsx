import { Group, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useSignedIn } from '../api/signedIn.ts';

/** Tells whether updates arrive now. */
export function ConnectionState() {
  const { socket } = useSignedIn().session;
  const [state, setState] = useState('Connecting');
  useEffect(() => {
    const stopListening = [
      socket.on('connected', () => setState('Live')),
      socket.on('closed', () => setState('Reconnecting')),
    ];
    return () => {
      for (const stop of stopListening) stop();
    };
  }, [socket]);
  return (
    <Group
      gap={6}
      wrap="nowrap"
      title={state === 'Live' ? 'Updates arrive as they happen' : 'No updates arrive now'}
    >
      <span className="connection-dot" data-live={state === 'Live'} />
      <Text role="status" size="xs" c="dimmed">
        {state}
      </Text>
    </Group>
  );
}
