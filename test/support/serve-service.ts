import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import type { ServiceHandler, ServiceOptions } from '../../functions/shared/http/service.ts';
import { serveService } from '../../functions/shared/http/service.ts';
import { ask, type Reply } from '../../scripts/shared/ask.ts';

/** A service under the real Functions Framework, in this process. */
export interface ServedService {
  url: string;
  /** GETs `path`, or asks by another method. */
  get(path: string, headers?: Record<string, string>, method?: string): Promise<Reply>;
  stop(): Promise<void>;
}

let served = 0;

/** Serves `handler` on a free port of 127.0.0.1. */
export async function serveHere(handler: ServiceHandler, options: ServiceOptions): Promise<ServedService> {
  served += 1;
  const name = `service${served}`;
  http(name, serveService(handler, options));
  const server = getTestServer(name);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    get: (path, headers = {}, method = 'GET') => ask(`${url}${path}`, { method, headers }),
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
