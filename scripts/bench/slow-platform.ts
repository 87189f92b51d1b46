import { addDays, addMs, dayOf, endOfDay, MINUTE_MS } from '../../functions/shared/dates.ts';
import type { Settings } from '../../functions/shared/settings.ts';
import { samplePlatform } from '../stack/sample/platform.ts';
import { startGcs } from '../stack/stand-ins/gcs/server.ts';
import { emptyGcs } from '../stack/stand-ins/gcs/world.ts';
import { startGoogleApis } from '../stack/stand-ins/google/apis.ts';
import type { PlatformWorld } from '../stack/stand-ins/google/world.ts';

/** Where Cloud Run is asked. */
export const REGIONS = [
  ...['us-central1', 'us-east1', 'us-east4', 'us-east5', 'us-south1', 'us-west1', 'us-west2'],
  ...['europe-north1', 'europe-southwest1', 'europe-west1', 'europe-west3', 'europe-west4', 'europe-west9'],
  ...['asia-east1', 'asia-northeast1', 'asia-south1', 'australia-southeast1', 'southamerica-east1'],
];
/** The one of them that never answers. */
export const HUNG_REGION = 'europe-west4';
const SERVICES_PER_REGION = 3;
const LATENCY_MS = 1_000;

/** A platform that takes a second for every answer. */
export interface SlowPlatform {
  /** In place of Google's own addresses. */
  baseUrls: Settings['baseUrls'];
  /** From now on nothing is answered at all. */
  hang(): void;
  stop(): Promise<void>;
}

/** Starts the sample platform, with Cloud Run services in every region, over stand-ins of Google's APIs. */
export async function startSlowPlatform(project: string, now: Date): Promise<SlowPlatform> {
  const { world, buckets } = samplePlatform({ project, database: '(default)' }, now);
  const apis = await startGoogleApis({ ...world, run: servicesEverywhere(now) });
  apis.faults.add({ fault: { kind: 'latency', ms: LATENCY_MS } });
  apis.faults.add({ fault: { kind: 'hang' }, api: 'run', region: HUNG_REGION });
  const storage = emptyGcs(project);
  for (const bucket of buckets) storage.addBucket(bucket);
  const gcs = await startGcs(storage, { latencyMs: LATENCY_MS }).catch(async (error) => {
    await apis.stop();
    throw error;
  });
  return {
    baseUrls: { ...apis.baseUrls, storage: gcs.baseUrl },
    hang() {
      for (const { faults } of [apis, gcs]) faults.add({ fault: { kind: 'hang' } });
    },
    stop: async () => void (await Promise.all([apis.stop(), gcs.stop()])),
  };
}

/** Services that each served requests yesterday. */
function servicesEverywhere(now: Date): PlatformWorld['run'] {
  const at = addMs(endOfDay(addDays(dayOf(now), -1)), -MINUTE_MS);
  const services = REGIONS.flatMap((region) =>
    Array.from({ length: SERVICES_PER_REGION }, (_, index) => ({
      name: `service-${index}`,
      region,
      createdAt: new Date(0),
    })),
  );
  const requests = services.map(({ name: service, region }, index) => ({
    service,
    region,
    responseClass: '2xx' as const,
    at,
    count: 100 + index,
  }));
  return { services, requests };
}
