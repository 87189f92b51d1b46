/**
 * Loaded into each function process before the Functions Framework (`--import`): tells the stack which port the
 * framework got, and ends the process when the stack is gone, however abruptly.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:net';

process.on('disconnect', () => process.exit(0));
// A function that cannot be loaded must be able to end, not wait for messages that nobody sends.
process.channel?.unref();

subscribe('tracing:net.server.listen:asyncEnd', (message) => {
  const address = (message as { server: Server }).server.address();
  if (typeof address === 'object' && address) process.send?.({ port: address.port });
});
