import type { DatabaseFigures } from '../../../functions/shared/model/day/sections/database.ts';
import { fieldsOf, isObject } from '../../shared/objects.ts';
import {
  amount,
  counted,
  type Loose,
  largest,
  listOf,
  nameOf,
  type SectionWords,
  type Words,
} from './section-words.ts';

type Firestore = DatabaseFigures['firestore'];
type CloudSql = NonNullable<DatabaseFigures['cloudSql']>;

export const databaseWords: SectionWords<'database'> = {
  name: 'database',
  parts: { firestore: 'Firestore', cloudSql: 'Cloud SQL' },
  entries: [
    { label: 'Firestore', of: (section) => fieldsOf(section).firestore, words: firestoreInWords },
    { label: 'Cloud SQL', of: cloudSqlOf, words: cloudSqlInWords, unknown: 'left out' },
  ],
  columns: {
    firestoreBytes: (section) => section?.firestore.bytes,
    firestoreDocuments: (section) => section?.firestore.documents,
    firestoreCollections: (section) => section?.firestore.collections,
    cloudSqlInstances: (section) => section?.cloudSql?.instances,
    cloudSqlBytes: (section) => section?.cloudSql?.bytes,
    cloudSqlTables: (section) => section?.cloudSql?.tables,
  },
};

function cloudSqlOf(section: unknown): unknown {
  const { cloudSql, more } = fieldsOf(section);
  // The settings name the Firestore databases, so that those which are not listed are instances.
  return isObject(cloudSql) ? { ...cloudSql, more } : undefined;
}

function firestoreInWords({ bytes, documents, collections, perDatabase }: Loose<Firestore>): Words {
  return {
    text: `${amount(bytes)}, ${counted(documents, 'document')}, ${counted(collections, 'collection')}`,
    // One alone says no more than the total.
    ...(listOf(perDatabase).length > 1
      ? largest(perDatabase, 0, 'database', (row: Loose<Firestore['perDatabase'][number]>) => [
          nameOf(row.database),
          amount(row.bytes),
        ])
      : {}),
  };
}

function cloudSqlInWords(section: Loose<CloudSql> & { more?: unknown }): Words {
  const { instances, bytes, tables, perInstance, more } = section;
  return {
    text: `${counted(instances, 'instance')}, ${amount(bytes)}, ${counted(tables, 'table')}`,
    ...largest(perInstance, more, 'instance', (row: Loose<CloudSql['perInstance'][number]>) => [
      nameOf(row.instance),
      amount(row.bytes),
    ]),
  };
}
