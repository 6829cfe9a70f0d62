/** The end of a page of any connection. */
import type { Builder } from './builder.ts';

export interface PageEnd {
  readonly hasNextPage: boolean;
  /** Undefined if the page is empty. */
  readonly endCursor: string | undefined;
}

export type PageInfoRef = ReturnType<typeof definePageInfo>;

export function definePageInfo(builder: Builder) {
  return builder.objectRef<PageEnd>('PageInfo').implement({
    description: 'The end of a page.',
    fields: (t) => ({
      hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether another page follows.' }),
      endCursor: t.exposeString('endCursor', {
        nullable: true,
        description: 'The cursor of the last edge; null if the page is empty.',
      }),
    }),
  });
}
