import { useSignalEffect } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import type { JobAnswer } from '../../../api/job-schemas.ts';
import type { StatusAnswer } from '../../../api/schemas.ts';
import { jobKey } from '../jobs/words.ts';
import type { Feed } from '../live/feed.ts';
import { Icon } from '../parts/icon.tsx';
import { closeDrawer, opensDrawer, shown } from '../route/route.ts';
import { JobDetails } from './job-details.tsx';
import { TaskDetails } from './task-details.tsx';

interface DrawerProps {
  status: Feed<StatusAnswer>;
  jobs: Feed<JobAnswer[]>;
}

/** All about one task or job. The browser's own dialog keeps the focus in, closes by Escape and gives the focus back. */
export function Drawer({ status, jobs }: DrawerProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const task = shown.value.get('task');
  const job = shown.value.get('job');
  useSignalEffect(() => {
    const open = opensDrawer.value;
    if (open && !dialog.current?.open) dialog.current?.showModal();
    if (!open && dialog.current?.open) dialog.current.close();
  });
  return (
    <dialog
      ref={dialog}
      class="drawer"
      aria-labelledby="drawer-title"
      onClose={closeDrawer}
      // Also by a click beside it, where the browser knows how.
      closedby="any"
    >
      <div class="sheet">
        <button type="button" class="quiet close" onClick={closeDrawer}>
          <Icon name="close" />
          <span>Close</span>
        </button>
        {task !== null && <TaskPart name={task} status={status} />}
        {job !== null && <JobPart name={job} jobs={jobs} />}
      </div>
    </dialog>
  );
}

function TaskPart({ name, status }: { name: string; status: Feed<StatusAnswer> }) {
  const data = status.answer.value?.data;
  const task = data?.tasks.find((it) => it.task === name);
  if (task) return <TaskDetails key={name} task={task} status={status} />;
  return <Absent name={name}>{data ? 'No task has this name.' : 'Loading'}</Absent>;
}

function JobPart({ name, jobs }: { name: string; jobs: Feed<JobAnswer[]> }) {
  const job = jobs.answer.value?.data.find((it) => jobKey(it) === name);
  return <JobDetails key={name} name={name} listed={job} />;
}

function Absent({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <h2 id="drawer-title" dir="auto">
        {name}
      </h2>
      <p class="empty">{children}</p>
    </>
  );
}
