import { http } from '@google-cloud/functions-framework';
import { withholdBodies } from '../shared/http/body.ts';
import { serveService } from '../shared/http/service.ts';
import { startService } from '../shared/start.ts';
import { REFRESH } from './api/endpoints.ts';
import { openStatus } from './clients.ts';
import { pageAssets } from './page/assets.ts';
import { statusAnswers } from './read/answers.ts';
import { status } from './service.ts';

withholdBodies();
const started = startService('status');
const { options } = started;
const answers = statusAnswers(openStatus({ ...started, clock: options.clock }, { documents: 0 }));

http(
  options.entry.entryPoint,
  serveService(status(answers, { assets: pageAssets, clock: options.clock }), {
    ...options,
    posts: [REFRESH.path],
  }),
);
