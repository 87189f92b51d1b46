import type { ApiName } from '../../functions/shared/settings.ts';
import { emptyGcs } from './gcs/world.ts';
import { startGcs } from './gcs.ts';
import { startGoogleApis } from './google-apis.ts';
import type { Platform } from './sample-platform.ts';

/** Stand-ins of all of Google's APIs that Nightshift asks. */
export interface StandIns {
  /** In place of Google's own addresses. */
  baseUrls: Record<ApiName, string>;
  /** What stands where. */
  words: string;
  stop(): Promise<void>;
}

/** Starts the stand-ins over a platform. */
export async function startStandIns({ world, buckets, objects }: Platform): Promise<StandIns> {
  const apis = await startGoogleApis(world);
  const storage = emptyGcs(world.project);
  for (const bucket of buckets) storage.addBucket(bucket);
  for (const object of objects) storage.putObject(object);
  const gcs = await startGcs(storage).catch(async (error) => {
    await apis.stop();
    throw error;
  });
  return {
    baseUrls: { ...apis.baseUrls, storage: gcs.baseUrl },
    words: `stand-ins of Cloud Monitoring, BigQuery, Cloud Run, Cloud SQL, Vertex AI on ${hostOf(apis.baseUrls.run)}, Cloud Storage on ${hostOf(gcs.baseUrl)}`,
    stop: async () => void (await Promise.all([apis.stop(), gcs.stop()])),
  };
}

function hostOf(url: string): string {
  return new URL(url).host;
}
