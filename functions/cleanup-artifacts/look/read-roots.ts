import { MINUTE_MS } from '../../shared/dates.ts';
import { messageOf } from '../../shared/errors.ts';
import { readPlace } from '../../shared/model/artifact/artifact.ts';
import { isHeld } from '../../shared/model/cleanup/cleanup.ts';
import type { ArtifactPolicy } from '../../shared/model/cleanup/policy.ts';
import type { ReadOptions } from '../../shared/store/firestore/read-options.ts';
import type { ModelStore } from '../../shared/store/sources/roots.ts';
import type { Root, Roots } from '../plan/decision.ts';
import type { RootSources } from '../session.ts';

const VERTEX_LIMIT_MS = 2 * MINUTE_MS;
const VERTEX = 'models in Vertex AI';

/** The roots, and how many entries each source of roots has. */
export interface RootsRead {
  roots: Roots;
  counts: Record<string, number>;
}

/**
 * Reads all roots, or rejects: where one source of roots fails or breaks off, it is not known what has to stay. The error
 * names the source. An unreadable entry is a root, too.
 */
export async function readRoots(
  { models, vertex, pins }: RootSources,
  policy: ArtifactPolicy,
  now: Date,
  options: ReadOptions,
): Promise<RootsRead> {
  const { signal } = options;
  const whole = async <T>(source: string, read: Promise<T>): Promise<T> => {
    try {
      return await read;
    } catch (error) {
      signal?.throwIfAborted();
      const words = messageOf(error);
      throw new Error(`Nothing is deleted, for ${source} cannot be read: ${words}`, { cause: error });
    }
  };
  const limits = { limitMs: VERTEX_LIMIT_MS, signal };
  const [named, registered, pinned] = await Promise.all([
    Promise.all(models.map((model) => whole(`models by ${model.name}`, readModels(model, options)))),
    vertex ? whole(VERTEX, vertex.artifactUris(limits)) : [],
    whole('the pins', pins.all()),
  ]);
  const inVertex = registered.map(
    ({ uri, model }): Root => ({
      said: { is: 'read', value: uri },
      by: `the model ${model} of Vertex AI`,
      model,
    }),
  );
  return {
    roots: {
      models: [...named.flatMap(({ roots }) => roots), ...inVertex],
      pins: pinned
        .filter((pin) => isHeld(pin, now))
        .map(({ id, said, ...pin }) => ({
          ...pin,
          said: said.is === 'absent' ? { is: 'unreadable', why: `the pin ${id} names nothing` } : said,
        })),
      protectedPrefixes: policy.protectedPrefixes.flatMap((uri) => {
        const place = readPlace(uri);
        return place.is === 'read' ? place.value.reach : [];
      }),
    },
    counts: {
      ...Object.fromEntries(named.map(({ name, roots }) => [`models by ${name}`, roots.length])),
      ...(vertex && { [VERTEX]: inVertex.length }),
      // Including pins that have ended: else their end would look like roots that were lost.
      pins: pinned.length,
    },
  };
}

async function readModels(model: ModelStore, options: ReadOptions): Promise<{ name: string; roots: Root[] }> {
  const roots: Root[] = [];
  await model.all(options, (said, id) => {
    if (said.is !== 'absent') roots.push({ said, by: `the record ${id} in ${model.name}` });
  });
  return { name: model.name, roots };
}
