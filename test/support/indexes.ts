import type { Deployed } from './deployed.ts';

/** An index of Firestore that somebody has to declare: a composite one, or one field of a collection group. */
export interface Index {
  collection: string;
  scope: string;
  /** Each with its order, or `CONTAINS`; without the name, which Firestore adds in the order of the last one. */
  fields: string[];
}

interface IndexField {
  fieldPath: string;
  order?: string;
  arrayConfig?: string;
}

interface Report {
  reports?: { index: { name: string; queryScope: string; fields: IndexField[] } }[];
}

/**
 * The indexes that the queries of a project's default database have used, which the emulator makes as it needs them; it
 * leaves out those of one field that a collection has by itself. Those of two equality filters alone are told, too,
 * although Firestore would merge the two fields' own.
 */
export async function indexesUsed(emulatorHost: string, project: string): Promise<Index[]> {
  const database = `projects/${project}/databases/(default)`;
  const answer = await fetch(
    `http://${emulatorHost}/emulator/v1/projects/${project}:indexUsage?database=${database}`,
  );
  if (!answer.ok) throw new Error(`Cannot read the index report: ${answer.status} ${await answer.text()}`);
  const { reports = [] } = (await answer.json()) as Report;
  return reports.map(({ index: { name, queryScope, fields } }) => ({
    collection: /\/collectionGroups\/([^/]+)\//.exec(name)?.[1] ?? name,
    scope: queryScope,
    fields: withoutName(fields).map(({ fieldPath, order, arrayConfig }) =>
      wordsOf(fieldPath, order, arrayConfig),
    ),
  }));
}

/** The indexes that Terraform makes, but for those that every collection has by itself. */
export function indexesDeclared(deployed: readonly Deployed[]): Index[] {
  return deployed.flatMap(({ type, values }): Index[] => {
    const collection = String(values.collection);
    if (type === 'google_firestore_index') {
      const fields = (values.fields as DeclaredField[]).map(({ field_path, order, array_config }) =>
        wordsOf(field_path, order, array_config),
      );
      return [{ collection, scope: String(values.query_scope ?? 'COLLECTION'), fields }];
    }
    if (type !== 'google_firestore_field') return [];
    const [config] = values.index_config as { indexes: DeclaredIndex[] }[];
    return (config?.indexes ?? [])
      .filter(({ query_scope }) => query_scope === 'COLLECTION_GROUP')
      .map(({ query_scope: scope, order, array_config }) => ({
        collection,
        scope,
        fields: [wordsOf(String(values.field), order, array_config)],
      }));
  });
}

interface DeclaredIndex {
  query_scope: string;
  order?: string | null;
  array_config?: string | null;
}

interface DeclaredField extends Omit<DeclaredIndex, 'query_scope'> {
  field_path: string;
}

/** Those of `some` that are not among `others`, in words, sorted. */
export function missingFrom(others: readonly Index[], some: readonly Index[]): string[] {
  const known = new Set(others.map(keyOf));
  return some
    .filter((index) => !known.has(keyOf(index)))
    .map(({ collection, scope, fields }) => `${collection} (${scope}): ${fields.join(', ')}`)
    .sort();
}

/** Fields before the last one are equal to something, in whatever order. */
function keyOf({ collection, scope, fields }: Index): string {
  return JSON.stringify([collection, scope, fields.slice(0, -1).sort(), fields.at(-1)]);
}

/** The name is implied where it goes in the order of the field before it; after an array it ascends. */
function withoutName(fields: readonly IndexField[]): readonly IndexField[] {
  const [name, last] = [fields.at(-1), fields.at(-2)];
  const implied = name?.fieldPath === '__name__' && name.order === (last?.order ?? 'ASCENDING');
  return implied ? fields.slice(0, -1) : fields;
}

function wordsOf(path: string, order?: string | null, arrayConfig?: string | null): string {
  return `${path} ${order ?? arrayConfig}`;
}
