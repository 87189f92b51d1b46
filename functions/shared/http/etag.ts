import { hash } from 'node:crypto';

/** The ETag of a content; weak, since the same content may leave encoded in several ways. */
export function etagOf(content: Buffer): string {
  return `W/"${hash('sha256', content, 'base64url').slice(0, 27)}"`;
}

/** Whether an `If-None-Match` names `etag`, so that the content need not be sent again. */
export function isKnownTo(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '');
  return ifNoneMatch.split(',').some((tag) => opaque(tag) === opaque(etag) || tag.trim() === '*');
}
