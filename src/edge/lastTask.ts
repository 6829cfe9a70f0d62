/**
 * What stands in GraphiQL's variables for the id in the answer to the last mutation: `graphiqlFetcher.js` puts it in.
 */
export const LAST_TASK = 'last_task_or_paste_the_id_here';
