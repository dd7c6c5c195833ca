/** Does something with every item, so many at a time; items are only taken when there is room. The first failure ends it, and is thrown. */
export async function inParallel<T>(
  items: Iterable<T> | AsyncIterable<T>,
  parallel: number,
  run: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let failure: { readonly cause: unknown } | undefined;
  for await (const item of items) {
    const one: Promise<void> = run(item)
      .catch((cause: unknown) => {
        failure ??= { cause };
      })
      .finally(() => running.delete(one));
    running.add(one);
    if (running.size >= parallel) await Promise.race(running);
    if (failure !== undefined) break;
  }
  await Promise.all(running);
  if (failure !== undefined) throw failure.cause;
}
