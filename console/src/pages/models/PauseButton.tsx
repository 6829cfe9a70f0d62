import { useMutation } from '@apollo/client/react';
import { Button, Popover, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Problem } from '../../parts/Problem.tsx';
import { PAUSE_MODEL, RESUME_MODEL } from './operations.ts';

interface PauseButtonProps {
  readonly model: string;
  readonly isPaused: boolean;
  /** Asks for the model again. */
  readonly refresh: () => Promise<void>;
}

/** Pauses a model once its operator has read what that does. */
export function PauseButton({ model, isPaused, refresh }: PauseButtonProps) {
  const [pause, pausing] = useMutation(PAUSE_MODEL, { variables: { model } });
  const [resume, resuming] = useMutation(RESUME_MODEL, { variables: { model } });
  const [isOpen, { toggle, close }] = useDisclosure();
  const run = async () => {
    try {
      await (isPaused ? resume() : pause());
      close();
      await refresh();
    } catch {
      // The error stands beside the button.
    }
  };
  const { error, loading } = isPaused ? resuming : pausing;
  return (
    <Popover opened={isOpen} onDismiss={close} width={280} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button variant="default" size="xs" onClick={toggle}>
          {isPaused ? 'Resume' : 'Pause'}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={isPaused ? 'Resume the model' : 'Pause the model'}>
        <Stack gap="xs">
          <Text size="sm">
            {isPaused
              ? 'Workers get the tasks that wait, and new ones.'
              : 'Workers get no task of this model until it is resumed. Runs go on, tasks wait, and their time limits go on.'}
          </Text>
          <Problem error={error} />
          <Button size="xs" color={isPaused ? 'cyan' : 'orange.9'} loading={loading} onClick={() => void run()}>
            {isPaused ? `Resume ${model}` : `Pause ${model}`}
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
