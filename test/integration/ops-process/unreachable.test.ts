import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { startOps } from './start-ops.ts';

// In a file of its own because it takes the whole deadline: files run beside each other.
test('gives up on an emulator that never answers', async () => {
  const mute = createServer().listen(0, '127.0.0.1');
  const { port } = await new Promise<AddressInfo>((resolve) =>
    mute.once('listening', () => resolve(mute.address() as AddressInfo)),
  );
  // The Firestore client looks for its emulator in the environment of the process.
  const { ended } = startOps(['tasks'], { env: { FIRESTORE_EMULATOR_HOST: `127.0.0.1:${port}` } });
  const done = await ended;
  mute.close();
  assert.equal(done.code, 3);
  assert.match(
    done.stderr,
    /^Cannot reach the Firestore emulator .*: no answer to reading the tasks within 15 s\n$/,
  );
});
