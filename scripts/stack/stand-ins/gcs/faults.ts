import type { AnyRule } from '../google/faults.ts';

/** Which answers a fault is for: those that agree in everything that is named. */
export interface GcsFaultRule extends AnyRule {
  /** The vendor's name, such as `objects.list`; `batch` for a whole batch. */
  method?: string;
  bucket?: string;
  /** The whole name of an object. */
  object?: string;
  /** The generation that is asked for. */
  generation?: string;
  /** Counted from 1. */
  page?: number;
  /** The place of a call in its batch, counted from 1. Such a call can only be refused (`status`, `denied`) or come late. */
  call?: number;
}

/** What is known of a request, or of a call in a batch, before it is answered. */
export interface GcsAsked {
  method: string;
  bucket: string;
  object: string;
  page: number;
  /** Null outside a batch. */
  call: number | null;
  query: URLSearchParams;
}

export function applies(
  { method, bucket, object, generation, page, call }: GcsFaultRule,
  asked: GcsAsked,
): boolean {
  return (
    (method === undefined || method === asked.method) &&
    (bucket === undefined || bucket === asked.bucket) &&
    (object === undefined || object === asked.object) &&
    (generation === undefined || generation === asked.query.get('generation')) &&
    (page === undefined || page === asked.page) &&
    (call === undefined || call === asked.call)
  );
}
