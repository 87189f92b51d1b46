import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A way to a service that can go down. */
export interface Proxy {
  url: string;
  /** Breaks every connection, and every new one, until it is up again. */
  down(): void;
  up(): void;
  stop(): Promise<void>;
}

/** Opens a way to what listens at `target` on this machine. */
export async function openProxy(target: URL): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let isDown = false;
  const server = createServer((client) => {
    if (isDown) return void client.destroy();
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    client.pipe(upstream);
    upstream.pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${target.pathname}`,
    down() {
      isDown = true;
      breakAll();
    },
    up() {
      isDown = false;
    },
    async stop() {
      breakAll();
      server.close();
      await once(server, 'close');
    },
  };
}
