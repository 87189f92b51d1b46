import { render } from 'preact';
import { addDays, dayOf, SECOND_MS } from '../../../shared/dates.ts';
import type { JobAnswer } from '../../api/job-schemas.ts';
import type { DayAnswer, StatusAnswer } from '../../api/schemas.ts';
import type { WorkloadsAnswer } from '../../api/workload-schemas.ts';
import { App } from './app.tsx';
import type { Feeds } from './feeds.ts';
import { now } from './live/clock.ts';
import { feed } from './live/feed.ts';
import { startUpdates } from './live/updates.ts';
import { loadRest } from './rest-of-page.tsx';
import { followAddress, jobsUrl } from './route/route.ts';
import { applyTheme } from './shell/theme.ts';

/** A first answer that takes longer is waited for with the page in sight. */
const SHELL_MS = 400;

const feeds: Feeds = {
  status: feed<StatusAnswer>(() => 'api/status', 5 * SECOND_MS),
  jobs: feed<JobAnswer[]>(() => jobsUrl(), 10 * SECOND_MS),
  workloads: feed<WorkloadsAnswer>(() => 'api/workloads', 10 * SECOND_MS),
  days: feed<DayAnswer[]>(daysUrl, 300 * SECOND_MS),
};

applyTheme();
followAddress();
let isShown = false;
const updates = startUpdates(feeds.status.poll, [feeds.jobs.poll, feeds.days.poll, feeds.workloads.poll]);
// What the document holds is shown while the first answer is on its way, for drawing skeletons takes a slow phone long.
const slow = setTimeout(show, SHELL_MS);
void updates.begun.then(() => {
  show();
  updates.askOthers();
  void loadRest();
});

function show(): void {
  clearTimeout(slow);
  const page = document.getElementById('page') as HTMLElement;
  if (!isShown) page.replaceChildren();
  isShown = true;
  render(<App feeds={feeds} updates={updates} />, page);
}

/** Yesterday is the last whole day. */
function daysUrl(): string {
  const yesterday = addDays(dayOf(new Date(now.value)), -1);
  return `api/days?from=${addDays(yesterday, -29)}&to=${yesterday}`;
}
