import type { TestContext } from 'node:test';
import { startWandb, type Wandb, type WandbOptions } from '../../scripts/stack/stand-ins/wandb/server.ts';
import type { WandbRun, WandbWorld } from '../../scripts/stack/stand-ins/wandb/world.ts';
import { noon } from './workloads.ts';

/** The project that tests ask about. */
export const VISION = 'acme/vision';

/** W&B over `world`, gone when the test is over. */
export async function wandbOver(
  context: TestContext,
  world: WandbWorld,
  options?: WandbOptions,
): Promise<Wandb> {
  const wandb = await startWandb(world, options);
  context.after(() => wandb.stop());
  return wandb;
}

/** A W&B with one project that has these runs, which a test may change. */
export function visionWith(...runs: WandbRun[]): WandbWorld {
  return { projects: [{ entity: 'acme', name: 'vision', runs }] };
}

/** A run that runs, unless told otherwise. */
export const wandbRun = (name: string, over: Partial<WandbRun> = {}): WandbRun =>
  Object.assign(
    {
      name,
      displayName: `run-${name}`,
      state: 'running',
      createdAt: noon(-30),
      heartbeatAt: noon(),
      lines: [],
    },
    over,
  );
