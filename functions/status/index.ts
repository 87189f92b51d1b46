import { http } from '@google-cloud/functions-framework';
import { refuseEarly } from '../shared/http/early-refusal.ts';
import { serveService } from '../shared/http/service.ts';
import { startService } from '../shared/start.ts';
import { REFRESH } from './api/endpoints.ts';
import { openStatus } from './clients.ts';
import { pageAssets } from './page/assets.ts';
import { statusAnswers } from './read/answers.ts';
import { status } from './service.ts';

/** What it is asked stands in the address; the page sends an empty object. */
const MOST_BODY_BYTES = 1024;

refuseEarly(MOST_BODY_BYTES);
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
