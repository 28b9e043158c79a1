/** Shards: the part of a list that one machine of several runs. */

/** Part `index` of `count`, from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** Parses `2/5`; null where it is no shard. */
export function parseShard(text: string): Shard | null {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text)?.map(Number) ?? [];
  return index >= 1 && index <= count ? { index, count } : null;
}

/** Every count-th task, so that long ones spread; all where no shard is asked for. */
export function shardOf<Task>(tasks: readonly Task[], shard: Shard | undefined): readonly Task[] {
  return shard ? tasks.filter((_, i) => i % shard.count === shard.index - 1) : tasks;
}
