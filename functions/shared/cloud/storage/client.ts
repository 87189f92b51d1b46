import { Stream } from 'node:stream';
import type { Storage } from '@google-cloud/storage';
import type { Transport } from '../rest/transport.ts';

/**
 * Cloud Storage through its own client (@google-cloud/storage), which finds the address and sends the GET. Retries
 * and credentials are not its business here: there is one policy and one token for all APIs. It cannot be stopped and
 * knows no timeout: a request that is given up ends with its connection.
 */
export function throughClient(projectId: string): Transport {
  return (baseUrl) => {
    let client: Promise<Storage> | undefined;
    return async ({ path, query, headers: authorisation }) => {
      // Loaded only now: a function that asks for no bucket pays nothing for it at its cold start.
      client ??= openClient(projectId, baseUrl);
      const storage = await client;
      return new Promise((resolve, reject) => {
        // Not getBuckets(): what it throws at an answer of another form nobody could catch, and the process would end.
        storage.request(
          { uri: path, qs: query, headers: Object.fromEntries(authorisation) },
          (error, _body, response) => {
            if (response === undefined) return reject(error);
            const { statusCode: status, headers, body } = response;
            // The client has parsed what came as JSON; where it could not, it leaves the stream that it has read.
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
    // Adds nothing to the headers that each request brings.
    authClient: new PassThroughClient(),
    retryOptions: { autoRetry: false },
  });
  // Else STORAGE_EMULATOR_HOST in the environment would go before the address that was asked for.
  storage.baseUrl = `${apiEndpoint}/storage/v1`;
  return storage;
}
