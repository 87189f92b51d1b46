import { after, before, describe } from 'node:test';
import { cleansUp } from './sample/cleanup.ts';
import { collects } from './sample/collect.ts';
import { needsIndexes } from './sample/indexes.ts';
import { prunes } from './sample/prune.ts';
import { sweeps } from './sample/sweep.ts';
import { tells } from './sample/told.ts';
import { type SampleWorld, startSampleWorld } from './sample/world.ts';

/** One stack for all of them, because it takes as long as their tests: the order matters. */
describe('the deployed bundles on the sample world', () => {
  let world: (SampleWorld & { stop(): Promise<void> }) | undefined;
  before(async () => {
    world = await startSampleWorld();
  });
  after(() => world?.stop());
  const started = () => world as SampleWorld;

  tells(started);
  collects(started);
  cleansUp(started);
  sweeps(started);
  prunes(started);
  needsIndexes(started);
});
