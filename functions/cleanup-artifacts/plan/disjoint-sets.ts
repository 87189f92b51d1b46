/** Disjoint sets (union-find); an item that was never joined is a set of its own. */
export interface DisjointSets<T> {
  join(a: T, b: T): void;
  /** Returns the item that represents the set of `item`, until the set is joined to another. */
  leaderOf(item: T): T;
}

export function disjointSets<T>(): DisjointSets<T> {
  const leaders = new Map<T, T>();
  const leaderOf = (item: T): T => {
    let leader = item;
    for (let next = leaders.get(leader); next !== undefined; next = leaders.get(leader)) leader = next;
    // Shortens the way for the next time.
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
