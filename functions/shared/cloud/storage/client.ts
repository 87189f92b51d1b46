import { Stream } from 'node:stream';
import type { Storage } from '@google-cloud/storage';
import type { Transport } from '../rest/transport.ts';

/**
 * Sends GETs to Cloud Storage through its own client (@google-cloud/storage). Retries and credentials are ours, as for all
 * APIs. The client can neither stop a request nor limit its time: one that was given up ends with its connection.
 */
export function throughClient(projectId: string): Transport {
  return (baseUrl) => {
    let client: Promise<Storage> | undefined;
    return async ({ path, query, headers: authorisation }) => {
      // Loaded only now: a function that asks for no bucket pays nothing for it at its cold start.
      client ??= openClient(projectId, baseUrl);
      const storage = await client;
      return new Promise((resolve, reject) => {
        // Not getBuckets(): at an answer of another form it throws where no caller can catch it, and the process ends.
        storage.request(
          { uri: path, qs: query, headers: Object.fromEntries(authorisation) },
          (error, _body, response) => {
            if (response === undefined) return reject(error);
            const { statusCode: status, headers, body } = response;
            // The client parses JSON; where it cannot, `body` is the stream that it has read to its end.
            const unread = body instanceof Stream;
            if (unread && status >= 200 && status <= 299) return reject(error);
            const text = unread ? '' : typeof body === 'string' ? body : JSON.stringify(body);
            resolve({ status, headers: new Headers(headers), text });
          },
        );
      });
    };
  };
}

async function openClient(projectId: string, baseUrl: string): Promise<Storage> {
  const [{ Storage }, { PassThroughClient }] = await Promise.all([
    import('@google-cloud/storage'),
    import('google-auth-library'),
  ]);
  const apiEndpoint = baseUrl.replace(/\/$/, '');
  const storage = new Storage({
    projectId,
    apiEndpoint,
    // Adds no credentials: each request has its own headers.
    authClient: new PassThroughClient(),
    retryOptions: { autoRetry: false },
  });
  // Else the client would prefer STORAGE_EMULATOR_HOST of the environment to our address.
  storage.baseUrl = `${apiEndpoint}/storage/v1`;
  return storage;
}
