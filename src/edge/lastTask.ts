/**
 * The placeholder in GraphiQL's variables for the id of the last mutation's answer. `graphiqlFetcher.js` replaces it.
 */
export const LAST_TASK = 'last_task_or_paste_the_id_here';
