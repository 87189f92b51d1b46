import type { DocumentSnapshot } from '@google-cloud/firestore';
import type { Source } from '../../model/job/source.ts';
import { isMap } from '../firestore/firestore.ts';

/** What some fields of a record hold, exactly as it is stored; those that are not there are missing. */
export type StoredFields = ReadonlyMap<string, unknown>;

/** Reads those at `paths`. */
function storedFields(document: DocumentSnapshot, paths: readonly string[]): StoredFields {
  const values = paths.map((path) => [path, document.get(path)] as const);
  return new Map(values.filter(([, value]) => value !== undefined));
}

/** What the end of a record needs of `document`; our own field, too, where it holds something else than a map. */
export function storedForEnding(
  document: DocumentSnapshot,
  { addedField }: Pick<Source, 'addedField'>,
  paths: readonly string[],
): StoredFields {
  const theirs: unknown = document.get(addedField);
  const stored = storedFields(document, paths);
  return theirs === undefined || theirs === null || isMap(theirs)
    ? stored
    : new Map([...stored, [addedField, theirs]]);
}

/** The fields that the end of a record touches. */
export function endingPaths(source: Pick<Source, 'fields' | 'addedField'>): string[] {
  return [...mappedEndingPaths(source), ...Object.values(addedPaths(source.addedField))];
}

/** Those of them that are mapped. */
export function mappedEndingPaths({ fields }: Pick<Source, 'fields'>): string[] {
  const { status, endedAt, updatedAt, error } = fields;
  return [status, endedAt.path, updatedAt?.path, error].flatMap((path) => path ?? []);
}

/** What we add about the end of a record. */
export function addedPaths(addedField: string) {
  return {
    evidence: `${addedField}.evidence`,
    earlier: `${addedField}.earlier`,
    endInferred: `${addedField}.endInferred`,
  };
}
