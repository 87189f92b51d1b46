import type { JSX } from 'preact';
import type { JobAnswer } from '../../api/job-schemas.ts';
import type { DayAnswer, StatusAnswer } from '../../api/schemas.ts';
import type { WorkloadsAnswer } from '../../api/workload-schemas.ts';
import type { Feed } from './live/feed.ts';
import type { Poller } from './live/poller.ts';

/** What the panels show, each asked for by itself. */
export interface Feeds {
  status: Feed<StatusAnswer>;
  days: Feed<DayAnswer[]>;
  jobs: Feed<JobAnswer[]>;
  workloads: Feed<WorkloadsAnswer>;
}

/** What the part of the page that is loaded later is given. */
export interface RestProps {
  feeds: Feeds;
  /** Lets a poller go on and pause as all others do; returns how to stop it. */
  follow: (poller: Poller) => () => void;
}

/** The script that is loaded after the first view. */
export interface RestModule {
  Rest(props: RestProps): JSX.Element;
}
