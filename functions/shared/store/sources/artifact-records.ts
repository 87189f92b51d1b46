import type { DocumentSnapshot } from '@google-cloud/firestore';
import type { JobRecord } from '../../model/job/job.ts';
import type { Source } from '../../model/job/source.ts';
import { isNone } from '../../model/reading/reading.ts';
import { topmostPaths, valueAt, wholeField } from '../firestore/value-at.ts';
import { pathsOf, toRecord } from './jobs.ts';

/**
 * How the records of a source are read by whatever may delete artifacts: a field that keeps some is not absent where a list
 * or a text stands in the way of its path. All other fields are read as everywhere.
 */
export function artifactRecordReader(
  name: string,
  source: Source,
): (document: DocumentSnapshot) => JobRecord {
  const keeping = new Set(keepingPaths(source));
  return (document) => {
    const record = toRecord(name, document);
    const get = (path: string) => {
      if (!keeping.has(path)) return record.get(path);
      const { value, isAbove } = valueAt(document, path);
      // A text where no URI was to stand may name what stays, but nothing is deleted for it: in a list, it is unreadable.
      const isStray = isAbove && path === source.fields.artifactUri;
      return isStray && typeof value === 'string' && !isNone(value) ? [value] : value;
    };
    return { ...record, get };
  };
}

/** What a query selects for that reader. */
export function selectedPaths(source: Source): string[] {
  return topmostPaths([...pathsOf(source), ...keepingPaths(source).map(wholeField), source.addedField]);
}

/** The paths of the fields that keep artifacts: the job's own, or those of the job that it began from. */
function keepingPaths({ fields }: Source): string[] {
  const { artifactUri, registeredModel, resumedFrom, keepUntil } = fields;
  return [artifactUri, registeredModel, resumedFrom, keepUntil?.path].filter((path) => path !== undefined);
}
