import { Button, CopyButton } from '@mantine/core';
import { Icon } from './Icon.tsx';

interface CopyTextProps {
  readonly text: string;
  /** What it copies, such as "the command". */
  readonly what: string;
}

/** A button that copies a text. Browsers let only pages over HTTPS, or of this machine, do that: others have no button. */
export function CopyText({ text, what }: CopyTextProps) {
  if (!isSecureContext) return null;
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button
          variant="default"
          size="xs"
          leftSection={<Icon name="copy" />}
          onClick={copy}
          aria-label={copied ? 'Copied' : `Copy ${what}`}
        >
          {copied ? 'Copied' : 'Copy'}
        </Button>
      )}
    </CopyButton>
  );
}
