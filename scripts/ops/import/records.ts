import type { DocumentReference, DocumentSnapshot, Firestore, Timestamp } from '@google-cloud/firestore';
import { chunksOf, withDeadline } from '../../../functions/shared/concurrency.ts';
import { readJob } from '../../../functions/shared/model/job/job.ts';
import type { Source } from '../../../functions/shared/model/job/source.ts';
import { quoted } from '../../../functions/shared/model/reading/reading.ts';
import { plainOf } from '../../../functions/shared/store/firestore/firestore.ts';
import { pathsOf, toRecord } from '../../../functions/shared/store/sources/jobs.ts';
import type { StoredRecord } from './rules/decide.ts';

/** The client itself tries a call up to ten times; silence for longer means that Firestore is out of reach. */
export const SILENCE_MS = 60_000;
/** Small calls beside each other are answered sooner than a large one. */
const RECORDS_PER_CALL = 100;
/** Of 30 that a disjunction takes; each id may be stored as text and as a number. */
const IDS_PER_QUERY = 15;

/** Where the record of a job is, or would be created. */
export interface Place {
  ref: DocumentReference;
  /** `null` where there is none yet; `updateTime` is what its next write demands. */
  found: { record: StoredRecord; updateTime: Timestamp } | null;
}

export interface RecordFinder {
  /** Returns the place of each id, or the reason in words why its job has none. */
  find(ids: readonly string[]): Promise<Map<string, Place | string>>;
}

/** Finds the records of a source by the ids of their jobs. */
export function recordFinder(name: string, source: Source, db: Firestore): RecordFinder {
  const collection = db.collection(source.collection);
  const { id: idField } = source.fields;
  // Whole maps, so that whatever stands in the way of a field is seen.
  const mask = [...new Set(pathsOf(source).map((path) => path.split('.')[0] as string))];
  mask.push(`${source.addedField}.evidence`);

  function placeOf(document: DocumentSnapshot): Place {
    const { ref, updateTime } = document;
    if (!document.exists || updateTime === undefined) return { ref, found: null };
    const get = (path: string) => plainOf(document.get(path));
    return { ref, found: { record: { job: readJob(source, toRecord(name, document)), get }, updateTime } };
  }

  /** Where the id is a field, a record may be under any name. */
  async function byField(field: string, ids: readonly string[]): Promise<DocumentSnapshot[]> {
    const queries = chunksOf(ids, IDS_PER_QUERY).map(async (some) => {
      const values = some.flatMap((id) => (String(Number(id)) === id ? [id, Number(id)] : [id]));
      const { docs } = await collection
        .where(field, 'in', values)
        .select(...mask)
        .get();
      return docs;
    });
    return (await Promise.all(queries)).flat();
  }

  async function byName(ids: readonly string[]): Promise<DocumentSnapshot[]> {
    const calls = chunksOf(ids, RECORDS_PER_CALL).map((some) =>
      db.getAll(...some.map((id) => collection.doc(id)), { fieldMask: mask }),
    );
    return (await Promise.all(calls)).flat();
  }

  return {
    async find(ids) {
      const places = new Map<string, Place | string>();
      const call = Promise.all([idField === undefined ? [] : byField(idField, ids), byName(ids)]);
      const [named, documents] = await withDeadline(call, SILENCE_MS, 'reading the records');
      for (const place of named.map(placeOf)) {
        const id = place.found?.record.job.id ?? '';
        places.set(id, places.has(id) ? `several records have the id ${quoted(id)}` : place);
      }
      for (const document of documents) {
        if (places.has(document.id)) continue;
        const place = placeOf(document);
        const other = place.found?.record.job.id ?? document.id;
        places.set(
          document.id,
          other === document.id ? place : `the document of that name is the record of ${quoted(other)}`,
        );
      }
      return places;
    },
  };
}
