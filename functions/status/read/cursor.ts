import { InvalidRequest } from '../../shared/errors.ts';

/** Where a page begins: opaque to whoever asks, and it stays true whatever is written meanwhile. */

/** Texts as a cursor. */
export function cursorOf(...parts: string[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** The texts of a cursor, `count` of them; `null` where none was given. Throws InvalidRequest for any other text. */
export function partsOf(cursor: string | undefined, count: number): string[] | null {
  if (cursor === undefined) return null;
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parts) && parts.length === count && parts.every((part) => typeof part === 'string'))
      return parts;
  } catch {
    // Not JSON: the same as JSON of another shape.
  }
  throw wrongCursor();
}

/** An instant in a cursor. Throws InvalidRequest where it is none. */
export function instantIn(text: string): Date {
  const at = new Date(text);
  // Of other years Firestore knows no instants.
  if (!/^[12]\d{3}-/.test(text) || Number.isNaN(at.getTime()) || at.toISOString() !== text)
    throw wrongCursor();
  return at;
}

/** The error for a cursor that is none of ours. */
export function wrongCursor(): InvalidRequest {
  return new InvalidRequest([
    { path: 'after', message: 'Cannot use it', expected: 'page.after of the answer before' },
  ]);
}
