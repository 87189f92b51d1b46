/** Disjoint sets (union-find); an item that was never joined is a set of its own. */
export interface DisjointSets<T> {
  join(a: T, b: T): void;
  /** The one by which the set of `item` is known until it is joined to another. */
  leaderOf(item: T): T;
}

export function disjointSets<T>(): DisjointSets<T> {
  const leaders = new Map<T, T>();
  const leaderOf = (item: T): T => {
    let leader = item;
    for (let next = leaders.get(leader); next !== undefined; next = leaders.get(leader)) leader = next;
    // What was found is not looked for again.
    if (leader !== item) leaders.set(item, leader);
    return leader;
  };
  return {
    leaderOf,
    join(a, b) {
      const [one, other] = [leaderOf(a), leaderOf(b)];
      if (one !== other) leaders.set(other, one);
    },
  };
}
