import { z } from 'zod';
import { pooledMap } from '../concurrency.ts';
import { UpstreamError } from '../errors.ts';
import { googleApi } from './rest/google-api.ts';
import type { ApiOptions, Limits } from './rest/rest.ts';

/**
 * Vertex AI Model Registry, models.list and models.listVersions
 * (https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.models): each region has an address of its
 * own, and a list of a region holds one version of each model, the default one. No page covers several regions.
 */

/** Where a registered version of a model has its files. */
export interface ModelArtifacts {
  /** As it was registered. */
  uri: string;
  /** Resource name with the version, such as `projects/1234/locations/europe-west4/models/churn@2`. */
  model: string;
  region: string;
}

const AT_ONCE = 8;
/** The largest page is not documented; a service answers with its largest where more is asked (https://google.aip.dev/158). */
const PAGE_SIZE = 100;
/**
 * The permission for models and for versions, which have none of their own
 * (https://cloud.google.com/iam/docs/roles-permissions/aiplatform). A denial that names another one goes before it.
 */
const PERMISSION = 'aiplatform.models.list';

const NAME = /^projects\/[^/]+\/locations\/[^/]+\/models\/([^/@]+)$/;
const modelSchema = z.object({ name: z.string().regex(NAME, { error: 'projects/P/locations/R/models/ID' }) });
/** In ListModelVersionsResponse, the name of a model includes the version ID. */
const versionSchema = z.object({
  versionId: z.string().min(1),
  /** Missing where Vertex AI keeps the files itself, such as for AutoML models, and where a model is only a container. */
  artifactUri: z.string().optional(),
});
type Version = z.infer<typeof versionSchema>;

interface Page<Item> {
  models: Item[];
  nextPageToken?: string | undefined;
}
/** Strict: an answer of another form must not pass for an empty list. */
const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.strictObject({ models: z.array(item).default([]), nextPageToken: z.string().optional() });
const modelPage = pageOf(modelSchema);
const versionPage = pageOf(versionSchema);

/** The registry of one region. */
interface Registry {
  region: string;

  /** Returns the resource names of the models. */
  models(limits: Limits): Promise<string[]>;

  /** Returns all versions of a model, or the reason to think that the model no longer exists. */
  versions(model: string, limits: Limits): Promise<Version[] | UpstreamError>;
}

function registry(region: string, options: ApiOptions): Registry {
  const api = googleApi('aiplatform', options, { region });
  const parent = `/v1/projects/${options.project}/locations/${region}/models`;

  /** Returns all items of a list, with the given fields alone. */
  async function all<Item>(
    { fields, ...call }: { operation: string; path: string; schema: z.ZodType<Page<Item>>; fields: string },
    limits: Limits,
  ): Promise<Item[]> {
    const items: Item[] = [];
    await api.list(
      {
        ...call,
        query: { pageSize: PAGE_SIZE, fields: `nextPageToken,models(${fields})` },
        region,
        permission: PERMISSION,
        tokenParameter: 'pageToken',
        nextToken: (page) => page.nextPageToken,
      },
      limits,
      (page) => {
        items.push(...page.models);
      },
    );
    return items;
  }

  return {
    region,

    async models(limits) {
      const list = { operation: 'models.list', path: parent, schema: modelPage, fields: 'name' };
      return (await all(list, limits)).map(({ name }) => name);
    },

    async versions(model, limits) {
      // Only its ID is used: the name has the project's number, while all calls here use the project's ID.
      const id = encodeURIComponent(NAME.exec(model)?.[1] ?? model);
      const operation = `models.listVersions of ${id}`;
      const path = `${parent}/${id}:listVersions`;
      const list = { operation, path, schema: versionPage, fields: 'versionId,artifactUri' };
      try {
        const versions = await all(list, limits);
        if (versions.length > 0) return versions;
        const where = `${operation} (project ${options.project}, region ${region})`;
        return new UpstreamError(`Cannot read Vertex AI ${where}: no version, expected at least one`, {
          retryable: false,
        });
      } catch (error) {
        if (error instanceof UpstreamError && error.status === 404) return error;
        throw error;
      }
    },
  };
}

/** Vertex AI Model Registry of one project, in some regions. */
export interface VertexModels {
  /**
   * Returns the artifacts of every version of every model, whole or not at all: what is left out here is unprotected from
   * deletion. Rejects as soon as one region, page or model cannot be read, with its UpstreamError or DeadlineExceeded,
   * or with the reason of the signal.
   */
  artifactUris(limits: Limits): Promise<ModelArtifacts[]>;
}

export function vertexModels({
  regions,
  ...options
}: ApiOptions & { regions: readonly string[] }): VertexModels {
  const registries = regions.map((region) => registry(region, options));

  return {
    async artifactUris({ limitMs, signal }) {
      const endsAt = performance.now() + limitMs;
      const over = new AbortController();
      const stop = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
      const left = (): Limits => ({
        limitMs: Math.max(1, Math.round(endsAt - performance.now())),
        signal: stop,
      });
      try {
        const listed = await pooledMap(registries, AT_ONCE, async (each) =>
          (await each.models(left())).map((model) => ({ registry: each, model })),
        );
        const read = await pooledMap(listed.flat(), AT_ONCE, async (found) => ({
          ...found,
          versions: await found.registry.versions(found.model, left()),
        }));
        await proveGone(read, left);
        return read.flatMap(({ registry: { region }, model, versions }) =>
          versions instanceof UpstreamError
            ? []
            : versions.flatMap(({ versionId, artifactUri }) =>
                artifactUri ? [{ uri: artifactUri, model: `${model}@${versionId}`, region }] : [],
              ),
        );
      } finally {
        // One failure fails all: the other calls are stopped.
        over.abort();
      }
    },
  };
}

interface Read {
  registry: Registry;
  model: string;
  versions: Version[] | UpstreamError;
}

/**
 * Lists the models without versions again. A model that was deleted since has no registered artifacts, and is left out. One
 * that is still listed is not gone: the 404 came from a proxy, for example, and this throws why its versions could not be
 * read.
 */
async function proveGone(read: readonly Read[], left: () => Limits): Promise<void> {
  const missing = read.filter(({ versions }) => versions instanceof UpstreamError);
  const places = [...new Set(missing.map((each) => each.registry))];
  const there = new Set((await pooledMap(places, AT_ONCE, (place) => place.models(left()))).flat());
  for (const { model, versions } of missing)
    if (versions instanceof UpstreamError && there.has(model)) throw versions;
}
