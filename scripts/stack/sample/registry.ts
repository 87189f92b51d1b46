import { addMs, DAY_MS } from '../../../functions/shared/dates.ts';
import type { Pin } from '../../../functions/shared/model/cleanup/cleanup.ts';
import type { RegisteredModel } from '../stand-ins/google/world.ts';
import type { SampleJob } from './job.ts';
import { oldJobs } from './marks.ts';

/** A record of the sample's own registry of models. */
export interface SampleModel {
  id: string;
  artifactUri: string;
  registeredAt: Date;
}

/** What names artifacts of sample jobs from elsewhere, so that they stay. */
export interface Registry {
  /** Some name a file, one a folder without its `/`. */
  models: SampleModel[];
  /** In Vertex AI Model Registry. */
  vertex: RegisteredModel[];
  pins: Pin[];
}

/** Models that Vertex AI has; the others are in the sample's own registry. */
const IN_VERTEX: Record<string, string> = { transcriber: 'us-central1', uplift: 'europe-west4' };

/** The registry over sample jobs: an old success of each model, and a pin for what a person wants to keep. */
export function sampleRegistry(jobs: readonly SampleJob[], now: Date): Registry {
  const plain = oldJobs(jobs, now).flatMap(({ id, model, status, artifactUri, endedAt }) =>
    artifactUri?.endsWith(`/${id}/`) && endedAt ? [{ model, status, uri: artifactUri, endedAt }] : [],
  );
  const successes = plain.filter(({ status }) => status === 'completed');
  const newest = [...Map.groupBy(successes, ({ model }) => model).values()].flatMap(
    (own) => own.at(-1) ?? [],
  );
  const cancelled = plain.find(({ status }) => status === 'cancelled');
  return {
    models: newest
      .filter(({ model }) => !IN_VERTEX[model])
      .map(({ model, uri, endedAt }, index) => ({
        id: model,
        artifactUri: index % 2 === 0 ? `${uri}model.safetensors` : uri.slice(0, -1),
        registeredAt: endedAt,
      })),
    vertex: newest.flatMap(({ model, uri }) => {
      const region = IN_VERTEX[model];
      return region ? [{ id: model, region, artifactUris: [null, uri] }] : [];
    }),
    pins: cancelled ? [pinOf(cancelled, now)] : [],
  };
}

function pinOf({ uri, endedAt }: { uri: string; endedAt: Date }, now: Date): Pin {
  return {
    id: 'post-mortem',
    uri,
    keepUntil: addMs(now, 90 * DAY_MS),
    owner: 'ada',
    reason: 'the post-mortem of the cancelled runs',
    createdAt: endedAt,
  };
}
