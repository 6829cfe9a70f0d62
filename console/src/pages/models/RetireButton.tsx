import { useMutation } from '@apollo/client/react';
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Problem } from '../../parts/Problem.tsx';
import { RETIRE_VERSION } from './operations.ts';

interface RetireButtonProps {
  readonly model: string;
  readonly version: string;
  readonly refresh: () => Promise<void>;
}

/** Retires a version of the registry, once its operator has read that this is for good. */
export function RetireButton({ model, version, refresh }: RetireButtonProps) {
  const [isOpen, { open, close }] = useDisclosure();
  const [retire, { loading, error }] = useMutation(RETIRE_VERSION, { variables: { model, version } });
  const run = async () => {
    try {
      await retire();
      close();
      await refresh();
    } catch {
      // The error stands in the dialog.
    }
  };
  return (
    <>
      <Button
        variant="default"
        size="compact-xs"
        onClick={open}
        aria-label={`Retire version ${version}`}
      >
        Retire
      </Button>
      <Modal
        opened={isOpen}
        onClose={close}
        title={`Retire version ${version} of ${model}`}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <Stack gap="sm">
          <Text size="sm">
            It gets no more tasks, and those that it has are finished. Its files are removed, and its number is
            never used again.
          </Text>
          <Problem error={error} />
          <Group gap="xs" justify="end">
            <Button variant="default" size="xs" onClick={close}>
              Keep it
            </Button>
            <Button color="red.9" size="xs" loading={loading} onClick={() => void run()}>
              Retire it for good
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
