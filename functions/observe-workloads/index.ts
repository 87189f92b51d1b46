import { http } from '@google-cloud/functions-framework';
import { workloads } from '../shared/cloud/workloads/open-workloads.ts';
import { readVariable } from '../shared/environment.ts';
import { serve } from '../shared/http/serve.ts';
import { startFunction } from '../shared/start.ts';
import { workloadStore } from '../shared/store/own/workloads.ts';
import { openJobLinks } from './clients.ts';
import { REFRESH_LIMITS } from './refresh/limits.ts';
import { observeWorkloads } from './task.ts';
import { watching } from './watch.ts';

const started = startFunction('observe-workloads');
const { environment, settings, apiOf, collections, clock, log, options } = started;
const tools = {
  settings: settings.workloads,
  workloads: workloads(settings.workloads, {
    apiOf,
    wandb: {
      log,
      variable: readVariable,
      standInsOnly: environment.FIRESTORE_EMULATOR_HOST !== undefined,
    },
  }),
  links: openJobLinks(started),
  store: workloadStore(collections, log),
  limits: REFRESH_LIMITS,
};

http(
  options.entry.entryPoint,
  serve(
    observeWorkloads(tools),
    options,
    watching(tools, () => clock.now()),
  ),
);
