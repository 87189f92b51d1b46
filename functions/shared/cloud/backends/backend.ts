import { createHash } from 'node:crypto';
import { InvalidConfiguration } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { ApiName } from '../../model/google-apis.ts';
import type { BackendSettings, Truth } from '../../model/job/backend.ts';
import { stable } from '../../model/stable.ts';
import type { ApiOptions } from '../rest/rest.ts';
import { type AskOptions, type BackendAdapter, backendClient } from './backend-client.ts';
import { cloudBuilds } from './cloud-builds.ts';
import { hostOf, httpStatus } from './http-status.ts';
import { runExecutions } from './run-executions.ts';
import { runLogs } from './run-logs.ts';
import { vertexJobs } from './vertex-jobs.ts';

/** What a backend is asked with. */
export interface BackendTools {
  /** How a Google API is asked, about our project unless another one is named. */
  apiOf(
    api: Extract<ApiName, 'aiplatform' | 'run' | 'cloudbuild' | 'logging'>,
    place?: { googleProject?: string | undefined },
  ): ApiOptions;
  /** A variable of the environment, for the secret of an HTTP header. */
  variable(name: string): string | undefined;
  log: Log;
}

/** The system that really runs the jobs of a source. */
export interface Backend {
  /** Such as `Vertex AI`, or the host of an HTTP endpoint. */
  name: string;
  /** Of its settings and of where it is asked; another one is another backend. */
  fingerprint: string;
  /**
   * What it says about each of `ids`. One signal is one sweep: its circuit and its lists last as long. Rejects only with
   * the reason of the signal.
   */
  truthsOf(ids: readonly string[], sweep: AskOptions): Promise<ReadonlyMap<string, Truth>>;
}

/**
 * Opens the backend of a source. Throws InvalidConfiguration when the variable of its header is missing, or when no header
 * can hold its value.
 */
export function openBackend(settings: BackendSettings, tools: BackendTools): Backend {
  const { apiOf, log } = tools;
  switch (settings.kind) {
    case 'vertex-ai': {
      const options = apiOf('aiplatform', settings);
      return backendOf('Vertex AI', [settings, options.project], () => vertexJobs(settings, options));
    }
    case 'cloud-run': {
      const options = apiOf('run', settings);
      const logs = runLogs(apiOf('logging', settings));
      return backendOf('Cloud Run', [settings, options.project], () =>
        runExecutions(settings, options, logs),
      );
    }
    case 'cloud-build': {
      const options = apiOf('cloudbuild', settings);
      return backendOf('Cloud Build', [settings, options.project], () => cloudBuilds(settings, options));
    }
    case 'http': {
      const secret = secretOf(settings, tools);
      return backendOf(hostOf(settings), [settings], () => httpStatus(settings, secret, log));
    }
  }
}

function backendOf<Job>(name: string, asked: readonly unknown[], open: () => BackendAdapter<Job>): Backend {
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

/** The value of the header, which no message tells. */
function secretOf(
  { header }: Extract<BackendSettings, { kind: 'http' }>,
  { variable }: BackendTools,
): string | undefined {
  if (!header) return undefined;
  // Secrets that were kept in a file end with its line.
  const secret = variable(header.variable)?.trim();
  if (secret && /^[\x20-\x7e]+$/.test(secret)) return secret;
  throw new InvalidConfiguration('the environment', [
    {
      path: header.variable,
      message: secret ? 'A value that no header can hold' : 'Missing',
      expected: `the value of the header ${header.name}, in ASCII on one line`,
    },
  ]);
}
