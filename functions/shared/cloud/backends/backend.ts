import { createHash } from 'node:crypto';
import type { Log } from '../../log.ts';
import type { BackendApi, Truth } from '../../model/job/backend.ts';
import { stable } from '../../model/stable.ts';
import type { ApiOptions } from '../rest/rest.ts';
import { type AskOptions, type BackendAdapter, backendClient } from './backend-client.ts';

/** What a backend is asked with. */
export interface BackendTools {
  /** How a Google API is asked, about our project unless another one is named. */
  apiOf(api: BackendApi, place?: { googleProject?: string | undefined }): ApiOptions;
  /** A variable of the environment, for the secret of an HTTP header. */
  variable(name: string): string | undefined;
  log: Log;
}

/** The system that really runs the jobs of a source. */
export interface Backend {
  /** Such as `Vertex AI`, or the host of an HTTP endpoint. */
  name: string;
  /** Changes with its settings and with where it is asked: another fingerprint is another backend. */
  fingerprint: string;
  /**
   * What it says about each of `ids`. One signal is one sweep: its circuit and its lists last as long. Rejects only with
   * the reason of the signal.
   */
  truthsOf(ids: readonly string[], sweep: AskOptions): Promise<ReadonlyMap<string, Truth>>;
}

/** The backend `name`, which `asked` distinguishes from others; `open` makes the adapter of one sweep. */
export function backendOf<Job>(
  name: string,
  asked: readonly unknown[],
  open: () => BackendAdapter<Job>,
): Backend {
  const sweeps = new WeakMap<AbortSignal, ReturnType<typeof backendClient>>();
  return {
    name,
    // An address may hold a secret.
    fingerprint: createHash('sha256').update(stable(asked)).digest('base64url'),
    truthsOf(ids, sweep) {
      const ask = sweeps.get(sweep.signal) ?? backendClient(open(), sweep);
      sweeps.set(sweep.signal, ask);
      return ask(ids);
    },
  };
}
