import { http } from '@google-cloud/functions-framework';
import { serve } from '../shared/http/serve.ts';
import { startFunction } from '../shared/start.ts';
import { retentionStore } from '../shared/store/own/retention.ts';
import { pruneRecords } from './task.ts';

const { collections, log, options } = startFunction('prune-records');

http(options.entry.entryPoint, serve(pruneRecords(retentionStore(collections, log)), options));
