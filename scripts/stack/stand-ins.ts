import type { Clock } from '../../functions/shared/clock.ts';
import { GOOGLE_APIS } from '../../functions/shared/model/google-apis.ts';
import type { Settings } from '../../functions/shared/settings.ts';
import type { Platform } from './sample/platform.ts';
import { startGcs } from './stand-ins/gcs/server.ts';
import { emptyGcs, type GcsWorld } from './stand-ins/gcs/world.ts';
import { startGoogleApis } from './stand-ins/google/apis.ts';
import { SERVED_APIS } from './stand-ins/google/method.ts';
import { startStatusEndpoint } from './stand-ins/status-endpoint.ts';
import { startWandb } from './stand-ins/wandb/server.ts';

/** Stand-ins of all of Google's APIs that Nightshift asks, of Weights & Biases, and of an endpoint that tells how jobs stand. */
export interface StandIns {
  /** In place of Google's own addresses. */
  baseUrls: Settings['baseUrls'];
  /** In place of any status endpoint of a user's own, with `{id}` where the job's id goes. */
  statusUrl: string;
  /** In place of the address of Weights & Biases. */
  wandbUrl: string;
  /** The objects that the stand-in of Cloud Storage holds. */
  storage: GcsWorld;
  /** What stands where. */
  words: string;
  stop(): Promise<void>;
}

/** Starts the stand-ins over a platform. */
export async function startStandIns(
  { world, buckets, objects, orchestrator, wandb }: Platform,
  clock: Clock,
): Promise<StandIns> {
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => void (await Promise.all(started.map((each) => each.stop())));
  const storage = emptyGcs(world.project, () => clock.now().getTime());
  for (const bucket of buckets) storage.addBucket(bucket);
  for (const object of objects) storage.putObject(object);
  try {
    const apis = await startGoogleApis(world);
    started.push(apis);
    const gcs = await startGcs(storage);
    started.push(gcs);
    const endpoint = await startStatusEndpoint(orchestrator.runs);
    started.push(endpoint);
    const runs = await startWandb(wandb, { now: clock.now });
    started.push(runs);
    const fault = { kind: 'status', status: 503, message: 'The scheduler restarts.' } as const;
    for (const id of orchestrator.silent) endpoint.faults.add({ id, fault });
    return {
      baseUrls: { ...apis.baseUrls, storage: gcs.baseUrl },
      statusUrl: endpoint.url,
      wandbUrl: runs.baseUrl,
      storage,
      words: `stand-ins of ${SERVED_APIS.map((api) => GOOGLE_APIS[api].name).join(', ')} on ${hostOf(apis.baseUrls.run)}, Cloud Storage on ${hostOf(gcs.baseUrl)}, W&B on ${hostOf(runs.baseUrl)}, an orchestrator on ${new URL(endpoint.url).host}`,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function hostOf(url: string): string {
  return new URL(url).host;
}
