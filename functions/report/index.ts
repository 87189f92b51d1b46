import { http } from '@google-cloud/functions-framework';
import { leaveDomains } from '../shared/http/domains.ts';
import { refuseEarly } from '../shared/http/early-refusal.ts';
import { servePosts } from '../shared/http/post-service.ts';
import { MOST_BODY_BYTES } from '../shared/model/report/report.ts';
import { startService } from '../shared/start.ts';
import { openReport } from './clients.ts';
import { report } from './service.ts';

leaveDomains();
refuseEarly(MOST_BODY_BYTES);
const started = startService('report');
const { options } = started;

http(
  options.entry.entryPoint,
  servePosts(report(openReport({ ...started, ...options })), { ...options, mostBytes: MOST_BODY_BYTES }),
);
