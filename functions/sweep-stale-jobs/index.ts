import { http } from '@google-cloud/functions-framework';
import { loadCatalog, nextSlot, watchedTaskOf } from '../shared/catalog.ts';
import { serve } from '../shared/http/serve.ts';
import { endRulesOf } from '../shared/settings.ts';
import { startFunction } from '../shared/start.ts';
import { alarmStore } from '../shared/store/own/alarms.ts';
import { dayStore } from '../shared/store/own/days.ts';
import { jobHealthStore } from '../shared/store/own/job-health.ts';
import { reportChannelStore } from '../shared/store/own/report-channels.ts';
import { sweepCheckpointStore } from '../shared/store/own/sweep-checkpoints.ts';
import { watchStore } from '../shared/store/own/watch.ts';
import { openSchedules, openSources } from './clients.ts';
import { sweepStaleJobs } from './task.ts';
import { watchTasks } from './watch/watch.ts';

const started = startFunction('sweep-stale-jobs');
const { environment, settings, collections, log, options } = started;
const { entry, clock } = options;
const watch = {
  own: entry.task,
  watch: watchStore(collections, log),
  tasks: Object.values(loadCatalog(environment)).map(watchedTaskOf),
  schedules: openSchedules(started),
  endRules: endRulesOf(settings),
};
const next = nextSlot(entry, clock.now());

const task = sweepStaleJobs({
  sources: openSources(started),
  days: dayStore(collections, log),
  channels: reportChannelStore(collections, log),
  checkpoints: sweepCheckpointStore(collections, log),
  jobHealth: jobHealthStore(collections),
  alarms: alarmStore(collections, log),
  watch: (run) => watchTasks(run, watch),
  intervalMs: nextSlot(entry, next).getTime() - next.getTime(),
  now: clock.now,
});

http(options.entry.entryPoint, serve(task, options));
