import { join } from 'node:path';
import { bundle } from '../build/bundle.ts';
import { ROOT } from '../shared/places.ts';
import { rounded } from './bench.ts';
import type { Served } from './served-function.ts';

/** What both come to. */
export interface Figures {
  started: number;
  completed: number;
  failed: number;
  cancelled: number;
  gpuHoursUsed: number;
}

/** One of two functions that collect the same day. */
export interface Contestant extends Served {
  name: string;
  /** Timed collections, of which the median counts; to read everything is too slow to be repeated as often. */
  repeats: number;
  /** What its answer says. */
  read(answer: unknown): { documentsRead: number; figures: Figures };
}

/** collect-metrics, bundled into `folder` as it is deployed. */
export async function oursIn(folder: string, env: NodeJS.ProcessEnv): Promise<Contestant> {
  await bundle(join(ROOT, 'functions/collect-metrics/index.ts'), 'ours', join(folder, 'ours'));
  return {
    name: 'ours',
    repeats: 3,
    folder: join(folder, 'ours'),
    entryPoint: 'collectMetrics',
    env,
    read(answer) {
      const { summary } = answer as {
        summary: { documentsRead: number; latest: { jobs: Figures; gpu: { hoursUsed: number } } };
      };
      const { started, completed, failed, cancelled } = summary.latest.jobs;
      return {
        documentsRead: summary.documentsRead,
        figures: {
          started,
          completed,
          failed,
          cancelled,
          gpuHoursUsed: rounded(summary.latest.gpu.hoursUsed),
        },
      };
    },
  };
}

/** The function of naive-function.ts, bundled likewise. */
export async function naiveIn(folder: string, env: NodeJS.ProcessEnv): Promise<Contestant> {
  await bundle(join(import.meta.dirname, 'naive-function.ts'), 'naive', join(folder, 'naive'));
  return {
    name: 'naive',
    repeats: 1,
    folder: join(folder, 'naive'),
    entryPoint: 'naive',
    env,
    read(answer) {
      const { documentsRead, figures } = answer as { documentsRead: number; figures: Figures };
      return { documentsRead, figures: { ...figures, gpuHoursUsed: rounded(figures.gpuHoursUsed) } };
    },
  };
}
