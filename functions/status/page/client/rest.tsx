// Imports nothing from it, but then one script holds all that both need: see scripts/build/page/scripts.ts.
import './main.tsx';
import { Days } from './days/days.tsx';
import { Drawer } from './drawer/drawer.tsx';
import type { RestProps } from './feeds.ts';
import { Jobs } from './jobs/jobs.tsx';
import { Workloads } from './workloads/workloads.tsx';

/** What is not in the first view; a script of its own, so that a poor line is all for what a person looks for first. */
export function Rest({ feeds: { status, days, jobs, workloads }, follow }: RestProps) {
  return (
    <>
      <Days days={days} />
      <Jobs status={status} jobs={jobs} follow={follow} />
      <Workloads workloads={workloads} follow={follow} />
      <Drawer status={status} jobs={jobs} />
    </>
  );
}
