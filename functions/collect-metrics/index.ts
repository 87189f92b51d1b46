import { http } from '@google-cloud/functions-framework';
import { serve } from '../shared/http/serve.ts';
import { startFunction } from '../shared/start.ts';
import { dayStore } from '../shared/store/days.ts';
import { openFirestore } from '../shared/store/firestore.ts';
import { jobStore } from '../shared/store/jobs.ts';
import { collectMetrics } from './task.ts';

const { environment, settings, collections, log, options } = startFunction('collect-metrics');
const stores = Object.entries(settings.sources).map(([name, source]) =>
  jobStore(name, source, openFirestore(environment, source), log),
);
const task = collectMetrics(stores, dayStore(collections, log));

http(options.entry.entryPoint, serve(task, options));
