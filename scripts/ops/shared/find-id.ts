import type { CollectionReference, DocumentSnapshot } from '@google-cloud/firestore';
import { figure } from '../../words/figures.ts';
import { oneLine } from '../../words/terminal.ts';
import type { Connection } from './connect.ts';
import { usage } from './problem.ts';

/** So many candidates of an ambiguous beginning are listed. */
const LISTED = 10;
/** Sorts behind everything that begins the same. */
const LAST = '\uf8ff';

/**
 * The document whose id is one of `beginnings`, or the only one whose id begins with one of them; `undefined` where there is
 * none. Throws a usage problem with the candidates where there are several.
 */
export async function findById(
  kind: string,
  collection: CollectionReference,
  beginnings: readonly string[],
  { ask }: Pick<Connection, 'ask'>,
): Promise<DocumentSnapshot | undefined> {
  const [given = ''] = beginnings;
  // No document has such an id, and Firestore would take it for a path.
  if (given === '' || given.includes('/')) return undefined;
  const { FieldPath } = await import('@google-cloud/firestore');
  const looks = beginnings.map((beginning) =>
    collection
      .orderBy(FieldPath.documentId())
      .startAt(beginning)
      .endAt(`${beginning}${LAST}`)
      .limit(LISTED + 1)
      .get(),
  );
  const results = await ask(`looking for ${oneLine(given)}`, Promise.all(looks));
  const found = results.flatMap(({ docs }) => docs);
  const exact = found.find(({ id }) => beginnings.includes(id));
  if (exact) return exact;
  if (found.length > 1)
    throw ambiguous(
      kind,
      given,
      found.map(({ id }) => id),
    );
  return found[0];
}

/** The problem of a beginning that several ids have. */
export function ambiguous(kind: string, given: string, ids: readonly string[]): Error {
  const listed = ids.slice(0, LISTED).map((id) => `\n  ${oneLine(id)}`);
  const more = ids.length > LISTED ? `\n  and more than ${figure(LISTED)} in all` : '';
  return usage(
    `Several ${kind}s begin with ${oneLine(given)}: write more of the one that is meant${listed.join('')}${more}`,
  );
}
