/**
 * Lets single calls share one. Calls that come while a group is under way are the next group; no timer is involved, and
 * a call that is alone does not wait.
 */
interface Waiting<Item, Answer> extends Pick<PromiseWithResolvers<Answer>, 'resolve' | 'reject'> {
  readonly item: Item;
}

/**
 * @param most the largest group.
 * @param call is given the items of a group, and answers with one answer for each, in their order.
 * @returns a function for one item. It rejects if the call for its group does.
 */
export function inGroups<Item, Answer>(
  most: number,
  call: (items: readonly Item[]) => Promise<readonly Answer[]>,
): (item: Item) => Promise<Answer> {
  const waiting: Waiting<Item, Answer>[] = [];
  let underWay = false;
  const callAll = async () => {
    while (waiting.length > 0) {
      const group = waiting.splice(0, most);
      try {
        const answers = await call(group.map(({ item }) => item));
        for (const [i, { resolve }] of group.entries()) resolve(answers[i] as Answer);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    underWay = false;
  };
  return (item) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    waiting.push({ item, resolve, reject });
    // The calls of the same turn of the event loop are the first group.
    if (!underWay) setImmediate(callAll);
    underWay = true;
    return promise;
  };
}
