import type { DayAnswer, JobAnswer, StatusAnswer } from '../../api/schemas.ts';
import { Alarms } from './alarms/alarms.tsx';
import { Days } from './days/days.tsx';
import { Drawer } from './drawer/drawer.tsx';
import { Jobs } from './jobs/jobs.tsx';
import type { Feed } from './live/feed.ts';
import { Header, type Updates } from './shell/header.tsx';
import { Hero } from './shell/hero.tsx';
import { Tasks } from './tasks/tasks.tsx';

/** What the panels show, each asked for by itself. */
export interface Feeds {
  status: Feed<StatusAnswer>;
  days: Feed<DayAnswer[]>;
  jobs: Feed<JobAnswer[]>;
}

/** The page, from top to bottom; what wants a person comes first. */
export function App({ feeds, updates }: { feeds: Feeds; updates: Updates }) {
  const { status, days, jobs } = feeds;
  return (
    <>
      <Header project={status.answer.value?.data.deployment.project ?? ''} updates={updates} />
      <main>
        <Hero status={status} />
        <Alarms status={status} />
        <Tasks status={status} />
        <Days days={days} />
        <Jobs jobs={jobs} />
      </main>
      <Drawer status={status} jobs={jobs} />
    </>
  );
}
