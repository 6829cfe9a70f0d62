import { Group, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';

interface PageProps {
  readonly title: string;
  /** One line under the title. */
  readonly about?: ReactNode;
  /** Beside the title, such as filters and buttons. */
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}

/** The frame of each page: its heading takes the focus when the page is opened by a link, so that screen readers tell of it. */
export function Page({ title, about, aside, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Tidings`;
    // At the first visit the focus stays at the top, before the skip link.
    if (document.activeElement !== document.body) heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <Stack gap="md">
      <div className="page-head">
        <div>
          <Title order={1} ref={heading} tabIndex={-1} className="page-title">
            {title}
          </Title>
          {about !== undefined && (
            <Text size="sm" c="dimmed">
              {about}
            </Text>
          )}
        </div>
        {aside !== undefined && <Group gap="xs">{aside}</Group>}
      </div>
      {children}
    </Stack>
  );
}
