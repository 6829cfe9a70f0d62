import { Button, Popover, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { type ReactNode, useState } from 'react';
import { Problem } from './Problem.tsx';

/** The small one is for rows of a table. */
export type ButtonSize = 'compact-xs' | 'xs';

interface ConfirmButtonProps {
  /** On the button that asks. */
  readonly label: string;
  /** For those who hear only the button, where others beside it have the same label. */
  readonly spokenLabel?: string;
  /** What will happen. */
  readonly children: ReactNode;
  /** On the button that does it. */
  readonly confirm: string;
  /** Whether it takes something away. */
  readonly isHarsh?: boolean;
  readonly size?: ButtonSize | undefined;
  readonly run: () => Promise<unknown>;
}

/** A button that tells what will happen, and does it after a second click. A refusal stays beside it. */
export function ConfirmButton({
  label,
  spokenLabel = label,
  children,
  confirm,
  isHarsh = false,
  size = 'compact-xs',
  run,
}: ConfirmButtonProps) {
  const [isOpen, { toggle, close }] = useDisclosure();
  const [isRunning, setRunning] = useState(false);
  const [problem, setProblem] = useState<unknown>();
  const confirmed = async () => {
    setRunning(true);
    setProblem(undefined);
    try {
      await run();
      close();
    } catch (error) {
      setProblem(error);
    } finally {
      setRunning(false);
    }
  };
  return (
    <Popover
      opened={isOpen}
      onDismiss={close}
      width={280}
      position="bottom-end"
      trapFocus
      transitionProps={{ duration: 0 }}
    >
      <Popover.Target>
        <Button variant="default" size={size} onClick={toggle} aria-label={spokenLabel}>
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label={spokenLabel}>
        <Stack gap="xs">
          <Text size="sm" className="wrapped">
            {children}
          </Text>
          <Problem error={problem} />
          <Button size="xs" color={isHarsh ? 'red.9' : 'cyan'} loading={isRunning} onClick={confirmed}>
            {confirm}
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
