/** The GraphQL type that tells where a page of a list ends. */
import type { Builder } from './builder.ts';

export interface PageEnd {
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
}

export type PageInfoRef = ReturnType<typeof definePageInfo>;

export function definePageInfo(builder: Builder) {
  return builder.objectRef<PageEnd>('PageInfo').implement({
    description: 'The end of a page.',
    fields: (t) => ({
      hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether another page follows.' }),
      endCursor: t.exposeString('endCursor', {
        nullable: true,
        description: 'Where the next page begins, for `after`; null if the page is empty and the last one.',
      }),
    }),
  });
}
