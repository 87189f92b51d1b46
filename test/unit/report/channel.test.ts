import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openChannel } from '../../../functions/report/channel.ts';
import type { ChannelNews } from '../../../functions/shared/store/own/report-channels.ts';
import { recordedLog } from '../../support/google.ts';

const NOW = new Date('2026-11-28T10:00:00Z');

test('what could not be counted is counted later, for the reporter whose records they were, and nothing that came meanwhile is lost', async () => {
  const added: ChannelNews[] = [];
  const { promise: written, reject } = Promise.withResolvers<void>();
  const store = {
    of: async () => null,
    look: async () => ({ record: null, unreadable: null }),
    add: (news: ChannelNews) => (added.push(news) === 1 ? written : Promise.resolve()),
  };
  const { log } = recordedLog();
  const channel = openChannel('jobs', store, { isBounded: true, log });
  const first = channel.add({ accepted: 2, falseLost: 1, created: 2 }, 'ann', NOW);
  reject(new Error('Firestore is away'));
  await first;
  await channel.add({ accepted: 1, falseLost: 0, created: 1 }, 'bob', NOW);
  const { accepted, falseLost, created } = added[1] ?? assert.fail();
  assert.deepEqual([accepted, falseLost], [3, 1]);
  assert.deepEqual(created, { '2026-11-28 ann': 2, '2026-11-28 bob': 1 });
});
