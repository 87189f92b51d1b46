import { http } from '@google-cloud/functions-framework';
import { serve } from '../shared/http/serve.ts';
import { startFunction } from '../shared/start.ts';
import { dayStore } from '../shared/store/days.ts';
import { jobStore } from '../shared/store/jobs.ts';
import { collectMetrics } from './task.ts';

const { settings, databaseOf, collections, log, options } = startFunction('collect-metrics');
const stores = Object.entries(settings.sources).map(([name, source]) =>
  jobStore(name, source, databaseOf(source), log),
);
const task = collectMetrics(stores, dayStore(collections, log));

http(options.entry.entryPoint, serve(task, options));
