import type { DocumentSnapshot } from '@google-cloud/firestore';
import type { Source } from '../../model/job/source.ts';

/** What some fields of a record hold, exactly as it is stored; those that are not there are missing. */
export type StoredFields = ReadonlyMap<string, unknown>;

/** Reads those at `paths`. */
export function storedFields(document: DocumentSnapshot, paths: readonly string[]): StoredFields {
  const values = paths.map((path) => [path, document.get(path)] as const);
  return new Map(values.filter(([, value]) => value !== undefined));
}

/** The fields that the end of a record touches. */
export function endingPaths({ fields, addedField }: Pick<Source, 'fields' | 'addedField'>): string[] {
  const { status, endedAt, updatedAt, error } = fields;
  const theirs = [status, endedAt.path, updatedAt?.path, error].flatMap((path) => path ?? []);
  return [...theirs, ...Object.values(addedPaths(addedField))];
}

/** What we add about the end of a record. */
export function addedPaths(addedField: string) {
  return {
    evidence: `${addedField}.evidence`,
    earlier: `${addedField}.earlier`,
    endInferred: `${addedField}.endInferred`,
  };
}
