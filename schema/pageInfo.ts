/** Relay's `PageInfo`: where a page begins and ends. All pages have the same. */
import type { Builder } from './builder.ts';

export interface PageInfo {
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  /** Undefined if the page is empty. */
  readonly startCursor: string | undefined;
  /** Of an empty page, the cursor after which it begins; undefined if there is none. */
  readonly endCursor: string | undefined;
}

export type PageInfoRef = ReturnType<typeof definePageInfo>;

export function definePageInfo(builder: Builder) {
  return builder.objectRef<PageInfo>('PageInfo').implement({
    description: 'Where a page begins and ends.',
    fields: (t) => ({
      hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether another page follows.' }),
      hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
        description: 'Whether there is anything before this page.',
      }),
      startCursor: t.exposeString('startCursor', {
        nullable: true,
        description: 'The cursor of the first item; null if the page is empty.',
      }),
      endCursor: t.exposeString('endCursor', {
        nullable: true,
        description:
          'Where the next page begins, for its `after`: the cursor of the last item. An empty page has one, too, unless it is the first: ask for the same page again later.',
      }),
    }),
  });
}
