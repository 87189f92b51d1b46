import { z } from 'zod';
import { InvalidConfiguration, UpstreamError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { WANDB_KEY, type WandbSettings } from '../../model/workload/tables/wandb.ts';
import { parseBody } from '../rest/answer.ts';
import { plain } from '../rest/google-error.ts';
import { restApi } from '../rest/rest.ts';
import type { RetryPolicy } from '../rest/retry.ts';
import { overFetch, type Transport } from '../rest/transport.ts';
import type { CallLimits } from './table-reader.ts';

/**
 * Weights & Biases by GraphQL, as its own client asks it (https://github.com/wandb/wandb, wandb/apis/public/). Its key goes to
 * the address of the settings alone, and into no message, log line or record.
 */

/** What is asked of W&B: a document of GraphQL, and the values of its variables. */
export interface Question<Data> {
  /** What is asked for: errors and log lines name it. */
  operation: string;
  document: string;
  variables: Record<string, unknown>;
  /** Of the project that the document asks for. */
  schema: z.ZodType<Data>;
}

export interface WandbApi {
  /** Asks about a project, named `entity/project`, for what the document calls `project`. Rejects as `RestApi.get` does. */
  ask<Data>(place: string, question: Question<Data>, limits: CallLimits): Promise<Data>;
}

/** How W&B is asked. */
export interface WandbOptions {
  log: Log;
  retry: Partial<RetryPolicy>;
  /** Returns an environment variable, for the key. */
  variable(name: string): string | undefined;
  /** Whether only a stand-in on this machine may be asked. */
  standInsOnly: boolean;
}

/** An answer of status 200 may hold errors and parts of what was asked for; then it is an error. */
const answerSchema = z.object({
  data: z.object({ project: z.unknown() }).nullish(),
  errors: z.array(z.object({ message: z.string() })).default([]),
});

/** Opens W&B. Throws InvalidConfiguration where its key is missing, or is nothing that a header can hold. */
export function wandbApi(
  { baseUrl }: Pick<WandbSettings, 'baseUrl'>,
  { log, retry, variable, standInsOnly }: WandbOptions,
): WandbApi {
  const isHere = baseUrl.startsWith('http:');
  if (standInsOnly && !isHere)
    throw new InvalidConfiguration('the settings', [
      {
        path: 'workloads.wandb.baseUrl',
        message: `Not on this machine: ${baseUrl}`,
        expected: 'the address of a stand-in: beside a Firestore emulator no real API is asked',
      },
    ]);
  const key = keyOf(variable, isHere);
  const headers = new Headers();
  if (key) headers.set('authorization', `Basic ${btoa(`api:${key}`)}`);

  return {
    async ask(place, { operation, document, variables, schema }, { onStage, ...limits }) {
      const api = restApi(
        'W&B',
        baseUrl,
        { project: place, log, retry, authorize: async () => headers },
        hiding(key),
      );
      const [entity, project] = place.split('/');
      const text = JSON.stringify({ query: document, variables: { entity, project, ...variables } });
      const { data, errors } = await api.get(
        {
          operation,
          path: '/graphql',
          post: { contentType: 'application/json', text },
          schema: answerSchema,
          onStage,
        },
        limits,
      );
      const where = `W&B ${operation} (project ${place})`;
      const cannot = (words: string) =>
        new UpstreamError(`Cannot finish ${where}: ${words}`, { retryable: false });
      if (errors.length > 0) throw cannot(plain(errors.map(({ message }) => message).join('; ')));
      // It says the same of a project that there is not and of one that the key may not see.
      if (data?.project === null)
        throw cannot(`there is no such project, or the key in ${WANDB_KEY} has no access to it`);
      return parseBody(where, schema, data?.project);
    },
  };
}

/** Returns the key; a stand-in on this machine needs none. No message may quote it. */
function keyOf(variable: WandbOptions['variable'], isHere: boolean): string | undefined {
  // A secret that was read from a file ends with a line break.
  const key = variable(WANDB_KEY)?.trim();
  if (key ? /^[\x21-\x7e]+$/.test(key) : isHere) return key;
  throw new InvalidConfiguration('the environment', [
    {
      path: WANDB_KEY,
      message: key ? 'A value that is no key' : 'Missing',
      expected: 'a key of W&B, in ASCII without blanks',
    },
  ]);
}

/** Sends over fetch, and takes the key out of an answer, which may repeat it. */
function hiding(key: string | undefined): Transport {
  if (!key) return overFetch;
  return (baseUrl) => {
    const send = overFetch(baseUrl);
    return async (request, stop) => {
      const answer = await send(request, stop);
      return { ...answer, text: answer.text.replaceAll(key, '[secret]') };
    };
  };
}
