import fc from 'fast-check';
import type { PlannedJob, Roots } from '../../functions/cleanup-artifacts/plan/decision.ts';
import { addMs, SECOND_MS } from '../../functions/shared/dates.ts';
import { readPlace } from '../../functions/shared/model/artifact/artifact.ts';
import { readJob } from '../../functions/shared/model/job/job.ts';
import type { Source } from '../../functions/shared/model/job/source.ts';
import { isNone } from '../../functions/shared/model/reading/reading.ts';
import { daysAgo, NOW, tombstoneOf } from './cleanup.ts';
import type { TrueJob, TruePlace, TrueRoot } from './cleanup-oracle.ts';
import { artifactSource } from './jobs.ts';

/**
 * Worlds of the clean-up: as they really are, for the oracle, and as records write them down, in all the ways in which
 * people and programs do, for the code.
 */

/** A job as it really is, and its record. */
export interface WrittenJob extends TrueJob {
  record: Record<string, unknown>;
}

export interface World {
  jobs: WrittenJob[];
  roots: (TrueRoot & { said: unknown; isPin: boolean })[];
}

export const MOST_JOBS = 14;

/** `usual` so many times as often as `unusual`. */
export function often<T>(usual: fc.Arbitrary<T>, unusual: fc.Arbitrary<T>, times: number): fc.Arbitrary<T> {
  return fc.oneof({ arbitrary: usual, weight: times }, { arbitrary: unusual, weight: 1 });
}

function rarely<T>(value: fc.Arbitrary<T>, times = 15): fc.Arbitrary<T | null> {
  return often<T | null>(fc.constant(null), value, times);
}

const segment = fc.constantFrom('a', 'b', 'c', 'd', 'run-1', 'run-10', 'run-1 ', 'é', 'lr=0.1 é');
/** A folder; `tag` tells the buckets of one world from those of others. */
const placeIn = (tag: string) =>
  fc
    .tuple(
      often(fc.constant('runs'), fc.constantFrom('more', 'foreign'), 4),
      often(fc.array(segment, { minLength: 2, maxLength: 4 }), fc.array(segment, { maxLength: 1 }), 8),
    )
    .map(
      ([bucket, segments]): TruePlace => ({
        bucket: bucket + tag,
        path: segments.map((it) => `${it}/`).join(''),
      }),
    );

const encoded = (path: string) => path.split('/').map(encodeURIComponent).join('/');

type Spelling = (place: TruePlace) => string;
/** Without the slash at its end, where nothing would be lost with it. */
const bare = ({ bucket, path }: TruePlace) => ({
  bucket,
  path: / \/$/.test(path) ? path : path.slice(0, -1),
});

/** Ways to write a place that leave no doubt which one it is. */
const SPELLINGS: readonly Spelling[] = [
  ({ bucket, path }) => `gs://${bucket}/${path}`,
  (it) => SPELLINGS[0]?.(bare(it)) ?? '',
  ({ bucket, path }) => `GS://${bucket}/${path}`,
  ({ bucket, path }) => `gcs://${bucket}/${path}`,
  ({ bucket, path }) => `  gs://${bucket}/${path}\n`,
  ({ bucket, path }) => `gs://${bucket}/${encoded(path)}`,
  ({ bucket, path }) => `/gcs/${bucket}/${path}`,
  (it) => `/gcs/${bare(it).bucket}/${bare(it).path}`,
  ({ bucket, path }) => `https://storage.googleapis.com/${bucket}/${encoded(path)}`,
  ({ bucket, path }) => `https://${bucket}.storage.googleapis.com/${encoded(path)}`,
  (it) => `https://storage.cloud.google.com/${it.bucket}/${encoded(bare(it).path)}`,
  ({ bucket, path }) =>
    `https://console.cloud.google.com/storage/browser/${bucket}/${encoded(path)}?project=p`,
  ({ bucket, path }) => `https://www.googleapis.com/storage/v1/b/${bucket}/o/${encodeURIComponent(path)}`,
];

/** Ways to write one in which nobody would delete it, and yet may have meant it. */
const VAGUE_SPELLINGS: readonly Spelling[] = [
  ({ bucket, path }) => `gs:/${bucket}/${path}`,
  ({ bucket, path }) => `gs://${bucket}//${path}`,
  ({ bucket, path }) => `gs://${bucket}/${path.replace('/', '//')}`,
  ({ bucket, path }) => `gs://${bucket}/x/../${path}`,
  ({ bucket, path }) => `gs://${bucket}/./${path}`,
  ({ bucket, path }) => `gs://${bucket.toUpperCase()}/${path}`,
  ({ bucket, path }) => `gs://${bucket}/${path}*.ckpt`,
  ({ bucket, path }) => `gs://${bucket}/${path}\u0000`,
  ({ bucket, path }) => `https://storage.googleapis.com/${bucket}/${encoded(path)}?generation=1`,
];

/** Ways in which nobody can tell that it is one: the plan waits, as long as anybody needs it. */
const OPAQUE_SPELLINGS: readonly Spelling[] = [
  ({ bucket, path }) => `s3://${bucket}/${path}`,
  ({ bucket, path }) => `/mnt/${bucket}/${path}`,
  ({ bucket, path }) => `${bucket}/${path}`,
  ({ path }) => `models:/${path}3`,
  ({ path }) => path,
];

/** A place with its text, and whether it may be deleted under that. */
interface WrittenPlace {
  place: TruePlace;
  text: string;
  isUsable: boolean;
}

/** Whole buckets are written in few ways. */
function writtenPlace(
  tag: string,
  spellings: readonly Spelling[],
  isUsable: boolean,
): fc.Arbitrary<WrittenPlace> {
  const places = isUsable ? placeIn(tag) : placeIn(tag).filter(({ path }) => path !== '');
  return fc.tuple(places, fc.constantFrom(...spellings)).map(([it, spell]) => {
    const text = it.path === '' ? `gs://${it.bucket}` : spell(it);
    return { place: it, text, isUsable };
  });
}

/** Long ago most of the time; else about the ages that matter, to the millisecond. */
const end = often(
  fc.integer({ min: 15, max: 40 }).map(daysAgo),
  fc
    .tuple(fc.constantFrom(0, 7, 14), fc.constantFrom(-SECOND_MS, -1, 0, 1, SECOND_MS))
    .map(([days, off]) => addMs(daysAgo(days), off)),
  8,
);
const moment = fc.constantFrom(daysAgo(1), NOW, daysAgo(-1));
const NONE = ['', 'None', 'null', 'N/A', '-', 'Unknown'] as const;
const none = fc.constantFrom<unknown>(null, undefined, ...NONE);

const state = often(
  fc.constantFrom<TrueJob['state']>('completed', 'failed', 'cancelled'),
  fc.constantFrom<TrueJob['state']>('running', 'queued', 'suspended', 'unknown'),
  12,
);

/** Numbers of 19 digits that a floating-point number cannot tell apart. */
function backendOf(tag: string, index: number): { id: bigint; name: string } {
  const world = BigInt([...tag].reduce((sum, letter) => sum * 27 + letter.charCodeAt(0) - 96, 0));
  const id = 1_234_567_890_123_000_000n + world * 100n + BigInt(index);
  return { id, name: `projects/p/locations/europe-west4/customJobs/${id}` };
}

/** A job as others name it. */
interface Named {
  id: string;
  source: string;
  backend: { id: bigint; name: string };
}

/** Ways to name a job. */
const NAMINGS: readonly ((job: Named) => unknown)[] = [
  ({ id }) => id,
  ({ id }) => ` ${id}\n`,
  ({ id }) => `${id}/checkpoint-500`,
  ({ id }) => `${id}:best`,
  ({ id }) => `runs:/${id}/model`,
  ({ id, source }) => `${source}/${id}`,
  ({ id, source }) => `projects/p/databases/(default)/documents/${source}/${id}`,
  ({ backend }) => backend.id,
  ({ backend }) => String(backend.id),
  ({ backend }) => backend.name,
  ({ id }) => `models:/${id}/3`,
];

type Parent = { index: number; naming: number } | WrittenPlace;

export interface WorldOptions {
  /** Whether some name what they have in a way that keeps the folder around, or in one that nobody understands. */
  odd?: 'vague' | 'opaque';
  /** Letters that tell one world from others in the same database. */
  tag?: string;
  /** The source that is only observed; any or none unless given. */
  observed?: string;
}

/** A world. */
export function worldOf({ odd, tag = '', ...options }: WorldOptions = {}): fc.Arbitrary<World> {
  const clean = writtenPlace(tag, SPELLINGS, true);
  const spellings = odd === 'opaque' ? [...VAGUE_SPELLINGS, ...OPAQUE_SPELLINGS] : VAGUE_SPELLINGS;
  const somewhere = odd ? often(clean, writtenPlace(tag, spellings, false), 3) : clean;
  const idOf = (index: number) => `job${tag}-${index}`;
  const job = fc.record({
    source: fc.constantFrom('jobs', 'jobs', 'jobs', 'etl'),
    project: fc.constantFrom(`alpha${tag}`, `beta${tag}`),
    model: fc.constantFrom('', 'resnet'),
    state,
    at: often<WrittenPlace | null>(somewhere, fc.constant(null), 15),
    startedAt: rarely(end, 6),
    endedAt: often<Date | null>(end, fc.constant(null), 15),
    heartbeatAt: rarely(end, 6),
    isRegistered: fc.integer({ min: 0, max: 15 }).map((it) => it === 0),
    keepUntil: rarely(moment, 6),
    from: rarely<Parent>(
      fc.oneof(
        fc.record({
          index: fc.integer({ min: 0, max: MOST_JOBS }),
          naming: fc.nat({ max: NAMINGS.length - 1 }),
        }),
        somewhere,
      ),
      1,
    ),
    endInferred: fc.boolean(),
    tombstone: fc.integer({ min: 0, max: 15 }).map((it) => it === 0),
    deletedAt: rarely(fc.constantFrom(daysAgo(1), daysAgo(20))),
    none,
  });
  const root = fc
    .record({ at: somewhere, until: fc.option(moment), isPin: fc.boolean() })
    .map(({ at, until, isPin }) => ({ place: at.place, said: at.text, until: isPin ? until : null, isPin }));
  return fc
    .record({
      jobs: fc.array(job, { minLength: 6, maxLength: MOST_JOBS, size: 'max' }),
      observed: options.observed
        ? fc.constant(options.observed)
        : often<string | null>(fc.constant(null), fc.constantFrom('etl', 'jobs'), 3),
      roots: fc.array(root, { maxLength: 2 }),
    })
    .map(({ jobs, observed, roots }) => ({
      roots,
      jobs: jobs.map(({ at, from, none, tombstone, deletedAt, ...it }, index): WrittenJob => {
        const naming = from && 'naming' in from ? from : null;
        // A model that nobody registered names no job.
        const isModel = naming?.naming === NAMINGS.length - 1 && jobs[naming.index]?.isRegistered !== true;
        const said = naming
          ? NAMINGS[isModel ? 0 : naming.naming]?.({
              id: idOf(naming.index),
              source: jobs[naming.index]?.source ?? 'jobs',
              backend: backendOf(tag, naming.index),
            })
          : null;
        const place = from && 'place' in from ? from : null;
        const { endedAt } = it;
        // A deletion was of this life if the job had ended by then.
        const isDeleted = at !== null && deletedAt !== null && endedAt !== null && endedAt <= deletedAt;
        const added = {
          endInferred: it.endInferred,
          tombstone: tombstone ? tombstoneOf() : null,
          deletedAt,
        };
        return {
          ...it,
          name: `${it.source}:${it.source}/${idOf(index)}`,
          enforced: it.source !== observed,
          place: at?.place ?? null,
          isUsable: at?.isUsable ?? false,
          isGoing: tombstone && endedAt !== null && endedAt <= daysAgo(2),
          isDeleted,
          parents: naming && naming.index < jobs.length ? [naming.index] : [],
          parentPlaces: place ? [place.place] : [],
          isUnreadable: false,
          record: {
            id: idOf(index),
            status: it.state === 'unknown' ? 'weird' : it.state,
            project: it.project,
            model: it.model,
            startedAt: it.startedAt,
            endedAt,
            heartbeatAt: it.heartbeatAt,
            keepUntil: it.keepUntil,
            backendId: backendOf(tag, index)[index % 2 === 0 ? 'id' : 'name'],
            registeredModel: it.isRegistered ? `${idOf(index)}@3` : none,
            artifactUri: at?.text ?? none,
            resumedFrom: said ?? place?.text ?? none,
            nightshift: added,
          },
        };
      }),
    }));
}

/** The mappings of the records of these worlds. */
export const WORLD_SOURCES: Readonly<Record<string, Source>> = {
  jobs: artifactSource({}, { id: 'id', backendId: 'backendId' }),
  etl: artifactSource({ collection: 'etl' }, { id: 'id', backendId: 'backendId' }),
};

/** A job of a world as the code reads its record. */
export function readIn({ name, source, enforced, record }: WrittenJob): PlannedJob {
  const get = (path: string) => record[path];
  const id = name.slice(name.lastIndexOf('/') + 1);
  const path = name.slice(name.indexOf(':') + 1);
  const job = readJob(WORLD_SOURCES[source] as Source, { id, source, path, get });
  return { ...job, endReceivedAt: null, enforced };
}

/** The roots of a world as the code reads them. */
export function rootsIn({ roots }: World): Roots {
  const said = (value: unknown) => ({ is: 'read' as const, value: String(value) });
  return {
    models: roots
      .filter(({ isPin }) => !isPin)
      .map((it, index) => ({ said: said(it.said), by: `model ${index}` })),
    pins: roots
      .filter(({ isPin }) => isPin)
      .map((it) => ({ said: said(it.said), keepUntil: it.until, owner: 'ada', reason: 'the paper' })),
    protectedPrefixes: [],
  };
}

/** Values that stand for no time, no name and no place at all. */
export const garbage: fc.Arbitrary<unknown> = fc
  .oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }),
    fc.array(fc.jsonValue({ maxDepth: 1 }), { maxLength: 3 }),
    fc.boolean(),
    fc.double({ min: 2 ** 53 }),
    fc.double({ max: -1 }),
  )
  .filter(
    (value) =>
      !isNone(value) &&
      typeof value !== 'string' &&
      !(typeof value === 'number' && Number.isSafeInteger(value)),
  );

/** Text that names nothing which anybody knows. */
export const nonsense: fc.Arbitrary<string> = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.webUrl(),
    fc.constantFrom('models:/x/y', 's3://x/y', '/mnt/z'),
  )
  .filter((text) => !isNone(text) && /[^\p{L}\p{N}_./ -]/u.test(text) && readPlace(text).is === 'unreadable');
