import { type Checksums, checksumsOf } from './checksums.ts';
import type { Key } from './sorted.ts';

/** What an upload may say of an object, and a patch may change. */
export interface Attributes {
  contentType?: string;
  contentEncoding?: string;
  contentDisposition?: string;
  contentLanguage?: string;
  cacheControl?: string;
  customTime?: string;
  storageClass?: string;
  metadata?: Record<string, string>;
  temporaryHold?: boolean;
  eventBasedHold?: boolean;
}

/** Content of that many zeros, made only when somebody reads it. */
type Zeros = number;

/** More of zeros than this nobody checks; they are told without checksums. */
const CHECKED_ZEROS = 16 * 1024 * 1024;

/** One generation of an object; times are milliseconds since the epoch. There may be millions: it has to stay small. */
export class ObjectVersion implements Key {
  readonly name: string;
  readonly generation: number;
  readonly createdAt: number;
  readonly content: Uint8Array | Zeros;
  attributes: Readonly<Attributes>;
  metageneration = 1;
  /** Null as long as it is as it was created. */
  updatedAt: number | null = null;
  noncurrentAt: number | null = null;
  softDeleted: { readonly at: number; readonly until: number } | null = null;
  /** When its event-based hold was released: its retention counts from there. */
  releasedAt: number | null = null;
  #checksums: Checksums | null = null;

  constructor(key: Key, createdAt: number, content: Uint8Array | Zeros, attributes: Readonly<Attributes>) {
    this.name = key.name;
    this.generation = key.generation;
    this.createdAt = createdAt;
    this.content = content;
    this.attributes = attributes;
  }

  get size(): number {
    return typeof this.content === 'number' ? this.content : this.content.length;
  }

  /** The bytes from `start` up to, but not including, `end`. */
  bytes(start = 0, end = this.size): Uint8Array {
    return typeof this.content === 'number' ? Buffer.alloc(end - start) : this.content.subarray(start, end);
  }

  get checksums(): Checksums | null {
    if (typeof this.content === 'number' && this.content > CHECKED_ZEROS) return null;
    this.#checksums ??= checksumsOf(this.bytes());
    return this.#checksums;
  }
}
