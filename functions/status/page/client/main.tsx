import { render } from 'preact';
import { addDays, dayOf, SECOND_MS } from '../../../shared/dates.ts';
import type { DayAnswer, JobAnswer, StatusAnswer } from '../../api/schemas.ts';
import { App, type Feeds } from './app.tsx';
import { now } from './live/clock.ts';
import { feed } from './live/feed.ts';
import { startUpdates } from './live/updates.ts';
import { followAddress, query } from './route/route.ts';
import { applyTheme } from './shell/theme.ts';

const feeds: Feeds = {
  status: feed<StatusAnswer>(() => 'api/status', 5 * SECOND_MS),
  jobs: feed<JobAnswer[]>(jobsUrl, 10 * SECOND_MS),
  days: feed<DayAnswer[]>(daysUrl, 300 * SECOND_MS),
};

applyTheme();
followAddress();
const updates = startUpdates(feeds.status.poll, [feeds.jobs.poll, feeds.days.poll]);
render(<App feeds={feeds} updates={updates} />, document.getElementById('page') as HTMLElement);

function jobsUrl(): string {
  return query.value.get('jobs') === 'differ' ? 'api/jobs?stale=true&limit=50' : 'api/jobs?limit=50';
}

/** Yesterday is the last whole day. */
function daysUrl(): string {
  const yesterday = addDays(dayOf(new Date(now.value)), -1);
  return `api/days?from=${addDays(yesterday, -29)}&to=${yesterday}`;
}
