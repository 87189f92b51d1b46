/** What a list is sorted by: the name, then the generation. */
export interface Key {
  readonly name: string;
  readonly generation: number;
}

/** Half of this many items are moved by an addition, on average. */
const BLOCK_SIZE = 512;

/**
 * Items in order, cheap to change and to read from any place however many there are: a row of short sorted blocks. The
 * order of names is JavaScript's (UTF-16), which is Google's (UTF-8) as long as no name goes beyond the basic plane.
 */
export class SortedList<T extends Key> {
  readonly #blocks: T[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Adds an item whose key is not there yet. */
  add(item: T): void {
    const at = Math.max(0, this.#blockBefore(item));
    const block = this.#blocks[at];
    this.#size += 1;
    if (!block) {
      this.#blocks.push([item]);
      return;
    }
    block.splice(placeIn(block, item), 0, item);
    if (block.length > BLOCK_SIZE) this.#blocks.splice(at + 1, 0, block.splice(BLOCK_SIZE / 2));
  }

  /** Takes away the item of this key, when it is there. */
  remove(key: Key): void {
    const at = this.#blockBefore(key);
    const block = this.#blocks[at];
    const place = block ? placeIn(block, key) : -1;
    const item = block?.[place];
    if (!block || !item || compare(item, key) !== 0) return;
    block.splice(place, 1);
    this.#size -= 1;
    if (block.length === 0) this.#blocks.splice(at, 1);
  }

  /** The item of this key. */
  get(key: Key): T | undefined {
    const item = this.lastUpTo(key);
    return item && compare(item, key) === 0 ? item : undefined;
  }

  /** The last item that comes not after `key`. */
  lastUpTo(key: Key): T | undefined {
    const block = this.#blocks[this.#blockBefore(key)];
    if (!block) return undefined;
    const place = placeIn(block, key);
    const item = block[place];
    return item && compare(item, key) === 0 ? item : block[place - 1];
  }

  /** The items that come not before `key`, in order; the list must not change meanwhile. */
  *from(key: Key): Generator<T, void> {
    for (let at = Math.max(0, this.#blockBefore(key)); at < this.#blocks.length; at += 1) {
      const block = this.#blocks[at] as T[];
      for (let place = placeIn(block, key); place < block.length; place += 1) yield block[place] as T;
    }
  }

  /** The last block that begins not after `key`; -1 when none does. */
  #blockBefore(key: Key): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compare((this.#blocks[middle] as T[])[0] as T, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/** Where `key` is in a block, or would be. */
function placeIn(block: readonly Key[], key: Key): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(block[middle] as Key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compare(a: Key, b: Key): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : a.generation - b.generation;
}
