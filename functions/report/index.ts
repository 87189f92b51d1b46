import { http } from '@google-cloud/functions-framework';
import { withholdBodies } from '../shared/http/body.ts';
import { leaveDomains } from '../shared/http/domains.ts';
import { servePosts } from '../shared/http/post-service.ts';
import { MOST_BODY_BYTES } from '../shared/model/report/report.ts';
import { startService } from '../shared/start.ts';
import { openReport } from './clients.ts';
import { report } from './service.ts';

leaveDomains();
withholdBodies();
const started = startService('report');
const { options } = started;

http(
  options.entry.entryPoint,
  servePosts(report(openReport({ ...started, ...options })), { ...options, mostBytes: MOST_BODY_BYTES }),
);
