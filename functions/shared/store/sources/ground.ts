import type { DocumentSnapshot } from '@google-cloud/firestore';
import { quoted } from '../../model/reading/reading.ts';
import { isMap, plainOf } from '../firestore/firestore.ts';
import { wholeField } from '../firestore/value-at.ts';

/**
 * What stands in a record where a write at a dotted path needs maps. Firestore puts a map in the place of anything else, and
 * what stood there is lost.
 */

/** What stands at such a place: a map with fields of these names, nothing by the name of null, or a value of theirs. */
type Standing = { is: 'map'; names: readonly string[] } | { is: 'null' } | { is: 'theirs'; inWords: string };

/** By the paths of the places; one where nothing is stored is missing. */
export type Ground = ReadonlyMap<string, Standing>;

/** The outermost map that a write brought about, and what stood in its place: `before` is missing where nothing did. */
export interface Made {
  path: string;
  before?: null;
}

/** The places above a dotted path, the outermost first. */
export function placesAbove(path: string): string[] {
  const names = path.split('.');
  return names.slice(1).map((_, index) => names.slice(0, index + 1).join('.'));
}

/** What to read for the ground below writes at `paths`: nothing where none of them is dotted. */
export function outermostOf(paths: readonly string[]): string[] {
  return [...new Set(paths.filter((path) => path.includes('.')).map(wholeField))];
}

/** The ground below writes at `paths`, of a document that was read with what `outermostOf` names. */
export function groundOf(document: DocumentSnapshot, paths: readonly string[]): Ground {
  const places = [...new Set(paths.flatMap(placesAbove))];
  return new Map(
    places.flatMap((place) => {
      const value: unknown = document.get(place);
      return value === undefined ? [] : [[place, standingOf(value)] as const];
    }),
  );
}

/** Why nothing can be written at `path` without the loss of what is theirs, in words; `null` where it can. */
export function whyBlocked(path: string, ground: Ground): string | null {
  for (const place of placesAbove(path)) {
    const standing = ground.get(place);
    if (standing?.is === 'theirs') return blocked(path, place, standing.inWords);
  }
  return null;
}

/** The same words where `value` stands at `place`, which is our own field or in it. */
export function whyTheirs(path: string, place: string, value: unknown): string {
  return blocked(path, place, quoted(plainOf(value)));
}

function blocked(path: string, place: string, inWords: string): string {
  return `${path} cannot be written: at ${place} stands ${inWords}, which would be lost`;
}

/** The outermost map that a write at `path` brings about; `null` where all of them are there. */
export function madeBy(path: string, ground: Ground): Made | null {
  const place = placesAbove(path).find((one) => ground.get(one)?.is !== 'map');
  if (place === undefined) return null;
  return ground.has(place) ? { path: place, before: null } : { path: place };
}

/** Whether the map at `place` holds nothing but what stands at `paths`. */
export function holdsOnly(place: string, paths: readonly string[], ground: Ground): boolean {
  const standing = ground.get(place);
  if (standing?.is !== 'map') return false;
  return standing.names.every((name) => {
    const inner = `${place}.${name}`;
    return paths.includes(inner) || holdsOnly(inner, paths, ground);
  });
}

/** The ground once something was written at `paths`: what else was put into the maps is not told. */
export function groundAfter(ground: Ground, paths: readonly string[]): Ground {
  const made = paths.flatMap(placesAbove).filter((place) => ground.get(place)?.is !== 'map');
  return new Map([...ground, ...made.map((place) => [place, { is: 'map', names: [] }] as const)]);
}

function standingOf(value: unknown): Standing {
  if (isMap(value)) return { is: 'map', names: Object.keys(value) };
  return value === null ? { is: 'null' } : { is: 'theirs', inWords: quoted(plainOf(value)) };
}
