import { Code } from '@mantine/core';

interface CodeBlockProps {
  /** For screen readers. */
  readonly label: string;
  readonly text: string;
}

/** A text that may be long: it scrolls, also by keyboard. */
export function CodeBlock({ label, text }: CodeBlockProps) {
  return (
    <Code block className="code" tabIndex={0} role="region" aria-label={label}>
      {text}
    </Code>
  );
}
