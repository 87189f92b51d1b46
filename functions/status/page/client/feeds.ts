import type { JSX } from 'preact';
import type { DayAnswer, JobAnswer, StatusAnswer } from '../../api/schemas.ts';
import type { Feed } from './live/feed.ts';

/** What the panels show, each asked for by itself. */
export interface Feeds {
  status: Feed<StatusAnswer>;
  days: Feed<DayAnswer[]>;
  jobs: Feed<JobAnswer[]>;
}

/** The script that is loaded after the first view. */
export interface RestModule {
  Rest(props: { feeds: Feeds }): JSX.Element;
}
