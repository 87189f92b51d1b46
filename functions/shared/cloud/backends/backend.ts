import { createHash } from 'node:crypto';
import type { Log } from '../../log.ts';
import type { BackendApi, Truth } from '../../model/job/backend.ts';
import { stable } from '../../model/stable.ts';
import type { ApiOptions } from '../rest/rest.ts';
import { type AskBackend, type AskOptions, type BackendAdapter, backendClient } from './backend-client.ts';

/** What an adapter needs to ask its backend. */
export interface BackendTools {
  /** The options for a Google API, of our project unless another one is named. */
  apiOf(api: BackendApi, place?: { googleProject?: string | undefined }): ApiOptions;
  /** Returns an environment variable, for the secret of an HTTP header. */
  variable(name: string): string | undefined;
  /** Where the logs of executions are kept; without it each is read. */
  keptLogs?: KeptLogs | undefined;
  log: Log;
}

/** Logs of executions that ended, which have been read already. */
export interface KeptLogs {
  /** Returns the last lines of the log of an execution, without secrets; `null` where they are not kept. Never rejects. */
  linesOf(execution: { region: string; uid: string }): Promise<readonly string[] | null>;
}

/** The system that really runs the jobs of a source. */
export interface Backend {
  /** Such as `Vertex AI`, or the host of an HTTP endpoint. */
  name: string;
  /** Changes with its settings and with where it is asked: another fingerprint is another backend. */
  fingerprint: string;
  /**
   * Asks about each of `ids`; every id gets a truth, by its id. One signal is one sweep: the circuit breaker and the lists
   * that were read last as long. Rejects only with the reason of the signal.
   */
  truthsOf(ids: readonly string[], sweep: AskOptions): Promise<ReadonlyMap<string, Truth>>;
}

/** Makes the backend `name`, whose fingerprint is that of `asked`; `open` makes the adapter of one sweep. */
export function backendOf<Job>(
  name: string,
  asked: readonly unknown[],
  open: () => BackendAdapter<Job>,
): Backend {
  const sweeps = new WeakMap<AbortSignal, AskBackend>();
  return {
    name,
    // Hashed, for an address may hold a secret.
    fingerprint: createHash('sha256').update(stable(asked)).digest('base64url'),
    truthsOf(ids, sweep) {
      const ask = sweeps.get(sweep.signal) ?? backendClient(open(), sweep);
      sweeps.set(sweep.signal, ask);
      return ask(ids);
    },
  };
}
