import { http } from '@google-cloud/functions-framework';
import { SECOND_MS } from '../shared/dates.ts';
import { serve } from '../shared/http/serve.ts';
import { startFunction } from '../shared/start.ts';
import { dayStore } from '../shared/store/own/days.ts';
import { metricSourceStore } from '../shared/store/own/metric-sources.ts';
import { jobStore } from '../shared/store/sources/jobs.ts';
import { openPlatform } from './clients.ts';
import { collectMetrics } from './task.ts';

const started = startFunction('collect-metrics');
const { settings, databaseOf, collections, log, options } = started;
const task = collectMetrics({
  stores: Object.entries(settings.sources).map(([name, source]) =>
    jobStore(name, source, databaseOf(source), log),
  ),
  platform: openPlatform(started),
  days: dayStore(collections, log),
  metricSources: metricSourceStore(collections, log),
  deadlineMs: settings.metrics.deadlineSeconds * SECOND_MS,
  failuresBeforeAlarm: settings.failuresBeforeAlarm,
});

http(options.entry.entryPoint, serve(task, options));
