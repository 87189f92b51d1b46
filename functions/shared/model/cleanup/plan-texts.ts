import type { OddRoot, PlanLine } from './cleanup.ts';

/**
 * The texts of a plan as it is stored. They come from the records of users, where one may have a megabyte, and a document
 * holds no more than that: what is only told is cut, and what is compared never is.
 */

/** Longer texts of a line are cut. */
const LONGEST_TEXT = 1_000;
/** So are longer texts of a root: a plan's record holds many of them beside each other. */
const LONGEST_OF_ROOT = 300;
/** The most places that a root is stored with. */
const PLACES_OF_ROOT = 3;
/** The most roots that a plan stores, and the most bytes of all of them. */
const ODD_ROOTS_KEPT = 200;
const ODD_ROOTS_BYTES = 300_000;

/** Returns a text of at most so many characters and an ellipsis. */
export function cutText(text: string, most: number): string {
  // A cut may leave half a character, which no database stores.
  return (text.length > most ? `${text.slice(0, most)}…` : text).toWellFormed();
}

/** Returns a line as a plan stores it. The URI of a deletion stays whole, because it is what a person approves. */
export function storedLine(line: PlanLine): PlanLine {
  const cut = (text: string) => cutText(text, LONGEST_TEXT);
  const { uri, nearest } = line;
  return {
    ...line,
    id: cut(line.id),
    project: cut(line.project),
    model: cut(line.model),
    uri: uri === null || line.decision === 'delete' ? uri : cut(uri),
    because: cut(line.because),
    nearest: nearest === null ? null : cut(nearest),
  };
}

/**
 * Returns the first of `roots` as a plan stores them. Their keys stay whole: an approval accepts the roots of these keys,
 * and a plan waits again for those that are not stored.
 */
export function storedRoots(roots: readonly OddRoot[]): OddRoot[] {
  const stored: OddRoot[] = [];
  let bytes = 0;
  for (const root of roots.slice(0, ODD_ROOTS_KEPT).map(storedRoot)) {
    bytes += bytesOf(root);
    if (bytes > ODD_ROOTS_BYTES) break;
    stored.push(root);
  }
  return stored;
}

/** The bytes that a part of a plan takes in a document, or a few more. */
export function bytesOf(part: PlanLine | OddRoot): number {
  return Buffer.byteLength(JSON.stringify(part)) + BYTES_BESIDE_TEXT;
}

/** What Firestore adds to a map and its fields: https://firebase.google.com/docs/firestore/storage-size. */
const BYTES_BESIDE_TEXT = 100;

function storedRoot({ by, why, keeps, key }: OddRoot): OddRoot {
  const cut = (text: string) => cutText(text, LONGEST_OF_ROOT);
  const places = keeps.slice(0, PLACES_OF_ROOT).map(cut);
  const more = keeps.length - places.length;
  return { by: cut(by), why: cut(why), keeps: more > 0 ? [...places, `and ${more} more`] : places, key };
}
