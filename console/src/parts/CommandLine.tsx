import { ActionIcon, Code, CopyButton, Group } from '@mantine/core';
import { Icon } from './Icon.tsx';

/** A command for the shell, to copy. */
export function CommandLine({ command }: { readonly command: string }) {
  return (
    <Group gap={6} wrap="nowrap" align="center">
      <Code className="command-line" tabIndex={0}>
        {command}
      </Code>
      <CopyButton value={command}>
        {({ copied, copy }) => (
          <ActionIcon
            variant="default"
            size="md"
            onClick={copy}
            aria-label={copied ? 'Copied' : `Copy the command ${command}`}
            title={copied ? 'Copied' : 'Copy'}
          >
            <Icon name="copy" />
          </ActionIcon>
        )}
      </CopyButton>
    </Group>
  );
}
