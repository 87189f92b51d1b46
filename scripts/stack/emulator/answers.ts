import { get } from 'node:http';

/** Why no emulator answers at `host`; `undefined` when one does. */
export function whyNoAnswer(host: string, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    // Not `fetch`, which refuses some ports that an emulator may well have.
    get(`http://${host}/`, { signal, agent: false }, (response) => {
      response.resume();
      resolve(undefined);
    }).on('error', (error) => resolve(error.message));
  });
}
