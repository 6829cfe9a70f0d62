import { Code, Group } from '@mantine/core';
import { CopyText } from './CopyText.tsx';

/** A command for the shell, to copy. */
export function CommandLine({ command }: { readonly command: string }) {
  return (
    <Group gap={6} wrap="nowrap" align="center">
      <Code className="command-line" tabIndex={0}>
        {command}
      </Code>
      <CopyText text={command} what={`the command ${command}`} />
    </Group>
  );
}
