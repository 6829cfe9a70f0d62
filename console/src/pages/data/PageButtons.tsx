import { Button, Group } from '@mantine/core';
import type { RelayPages } from './useRelayPages.ts';

interface PageButtonsProps {
  /** What is listed, for those who hear the buttons only. */
  readonly what: string;
  readonly pages: RelayPages;
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** To the next page and back; nothing if there is one page only. */
export function PageButtons({ what, pages, pageInfo }: PageButtonsProps) {
  if (pages.isFirst && !pageInfo.hasNextPage) return null;
  return (
    <Group gap="xs" mt="xs">
      <Button
        variant="default"
        size="compact-sm"
        disabled={pages.isFirst}
        onClick={pages.back}
        aria-label={`Newer ${what}`}
      >
        Newer
      </Button>
      <Button
        variant="default"
        size="compact-sm"
        disabled={!pageInfo.hasNextPage}
        onClick={() => pages.next(pageInfo)}
        aria-label={`Older ${what}`}
      >
        Older
      </Button>
    </Group>
  );
}
