import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy before the emulator, so that the real client meets a server that is gone, or slow to take its words. */
export async function startProxy(target: string) {
  const [host, port] = target.split(':') as [string, string];
  let mode: 'pass' | 'stall' | 'cut' = 'pass';
  const sockets = new Set<Socket>();
  let frozen = false;
  let held: (() => void)[] = [];

  const server = createServer((client) => {
    if (mode === 'cut') return void client.destroy();
    const upstream = connect(Number(port), host);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (bytes) => {
      if (mode === 'stall') held.push(() => upstream.write(bytes));
      else upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (frozen) held.push(() => client.write(bytes));
      else client.write(bytes);
    });
    upstream.on('end', () => client.end());
    client.on('close', () => {
      // What is held still arrives: a write that the client gave up on is under way all the same.
      if (mode !== 'stall') upstream.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Holds every byte to the server from now on; nothing is lost. */
    stall: () => {
      mode = 'stall';
    },
    /** Holds every byte, whichever way it goes. */
    freeze: () => {
      mode = 'stall';
      frozen = true;
    },
    /** Breaks every connection and refuses new ones. */
    cut: () => {
      mode = 'cut';
      for (const socket of sockets) socket.destroy();
    },
    /** Lets everything through again, what was held first. */
    resume: () => {
      mode = 'pass';
      frozen = false;
      const late = held;
      held = [];
      for (const send of late) send();
    },
    async stop(): Promise<void> {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
