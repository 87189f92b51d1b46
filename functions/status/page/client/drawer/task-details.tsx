import { duration } from '../../../../shared/figures.ts';
import type { StatusAnswer, TaskAnswer } from '../../../api/schemas.ts';
import { Advice } from '../alarms/alarms.tsx';
import { toDoInState } from '../alarms/answers.ts';
import type { Feed } from '../live/feed.ts';
import { Freshness } from '../parts/panel.tsx';
import { When } from '../parts/when.tsx';
import { shown } from '../route/route.ts';
import { badgeOf } from '../tasks/badge.ts';
import { Schedule, State, Took } from '../tasks/task-row.tsx';
import { Facts } from './facts.tsx';
import { History } from './history.tsx';
import { RunDetails } from './run-details.tsx';

const FAILED = ['failed', 'timed-out', 'lost', 'partial'];

/** All about one task: how it stands, what to do, its last error, and its runs. */
export function TaskDetails({ task, status }: { task: TaskAnswer; status: Feed<StatusAnswer> }) {
  const { state } = badgeOf(task).value;
  const toDo = toDoInState(state, task.task);
  const newest = task.strip.at(-1);
  const failed = newest && FAILED.includes(newest.outcome) ? newest.runId : null;
  const run = shown.value.get('run') ?? failed;
  return (
    <>
      <h2 id="drawer-title" dir="auto">
        {task.task}
      </h2>
      <p class="lead" dir="auto">
        {task.description}
      </p>
      <p class="state">
        <State task={task} />
      </p>
      {toDo && <Advice toDo={toDo} />}
      <Facts
        facts={[
          ['Schedule', <Schedule key="schedule" task={task} />],
          ['Next', <When key="next" at={task.nextExpectedAt} />],
          ['Last began', <When key="last" at={task.lastStartedAt} />],
          ['Took', <Took key="took" task={task} />],
          ['Last success', <When key="good" at={task.lastSuccessAt} />],
          ['Fails in a row', task.consecutiveFailures],
          ['May run for', duration(task.maxRuntimeSeconds * 1000)],
          ['Revision', <bdi key="revision">{task.deployment.revision ?? 'not known'}</bdi>],
        ]}
      />
      <Freshness feed={status} />
      {run && <RunDetails key={run} runId={run} task={task.task} />}
      <History task={task.task} />
    </>
  );
}
