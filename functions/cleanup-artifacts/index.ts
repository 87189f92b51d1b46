import { http } from '@google-cloud/functions-framework';
import { cloudObjects } from '../shared/cloud/storage/objects.ts';
import { vertexModels } from '../shared/cloud/vertex-models.ts';
import { serve } from '../shared/http/serve.ts';
import { policyHashOf } from '../shared/model/cleanup/policy.ts';
import { startFunction } from '../shared/start.ts';
import { cleanupPlanStore } from '../shared/store/own/cleanup-plans.ts';
import { journalStore } from '../shared/store/own/journal.ts';
import { pinStore } from '../shared/store/own/pins.ts';
import { artifactJobStore } from '../shared/store/sources/artifact-jobs.ts';
import { modelStore } from '../shared/store/sources/roots.ts';
import { cleanupArtifacts } from './task.ts';

const { settings, databaseOf, apiOf, collections, log, options } = startFunction('cleanup-artifacts');
const { artifacts: policy, sources } = settings;
const { vertexModels: vertex } = policy;

const task = cleanupArtifacts({
  stores: Object.entries(sources).flatMap(([name, source]) =>
    source.fields.artifactUri || source.fields.resumedFrom
      ? [artifactJobStore(name, source, databaseOf(source), log)]
      : [],
  ),
  roots: {
    models: policy.models.map((model) => modelStore(model, databaseOf(model), log)),
    vertex: vertex ? vertexModels({ ...apiOf('aiplatform', vertex), regions: vertex.regions }) : null,
    pins: pinStore(collections, log),
  },
  plans: cleanupPlanStore(collections, log),
  journal: journalStore(collections, log),
  objects: cloudObjects(apiOf('storage')),
  policy,
  policyHash: policyHashOf(policy, sources),
});

http(options.entry.entryPoint, serve(task, options));
