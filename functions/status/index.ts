import { http } from '@google-cloud/functions-framework';
import { serveService } from '../shared/http/service.ts';
import { startService } from '../shared/start.ts';
import { healthStore } from '../shared/store/own/health.ts';
import { status } from './service.ts';

const { collections, options } = startService('status');

http(options.entry.entryPoint, serveService(status(healthStore(collections)), options));
