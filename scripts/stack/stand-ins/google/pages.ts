import { invalid } from './problem.ts';

/** A page of a list, counted from 1. */
export interface Page {
  number: number;
  offset: number;
}

/** The page that a token asks for; the first one without a token. Throws for a token that was never given out. */
export function pageAsked(token: string | null): Page {
  if (!token) return { number: 1, offset: 0 };
  const [, number, offset] = /^page-(\d+)-(\d+)$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (!number || !offset) throw invalid('Page token is invalid');
  return { number: Number(number), offset: Number(offset) };
}

/** The items of a page, and the token of the next one; tokens are opaque, as the real ones are. */
export function cutPage<T>(items: readonly T[], page: Page, size: number): { items: T[]; next?: string } {
  const end = page.offset + size;
  const cut = items.slice(page.offset, end);
  if (end >= items.length) return { items: cut };
  return { items: cut, next: Buffer.from(`page-${page.number + 1}-${end}`).toString('base64url') };
}
