import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { refused, send } from './answer.ts';

const HOST = '127.0.0.1';

/** A stand-in that listens on this machine only. */
export interface Server {
  /** Such as `http://127.0.0.1:8080`. */
  origin: string;
  /** Ends all connections at once. */
  stop(): Promise<void>;
}

/** Listens at `port`, 0 for a free one, and answers by `serve`; what that throws is answered as a refusal. */
export async function startServer(
  port: number,
  serve: (req: IncomingMessage, res: ServerResponse) => Promise<void>,
): Promise<Server> {
  const server = createServer((req, res) => {
    serve(req, res).catch((error) => send(res, refused(error)));
  });
  server.listen(port, HOST);
  await once(server, 'listening');
  return {
    origin: `http://${HOST}:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
