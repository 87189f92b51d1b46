import { duration } from '../../../../shared/figures.ts';
import type { TaskAnswer } from '../../../api/schemas.ts';
import { Badge } from '../parts/badge.tsx';
import { Icon } from '../parts/icon.tsx';
import { When } from '../parts/when.tsx';
import { linkTo } from '../route/route.ts';
import { badgeOf } from './badge.ts';
import { STATES } from './states.ts';
import { Strip } from './strip.tsx';

/** A task in the table; a card on a phone, so that its roles are written out. */
export function TaskRow({ task }: { task: TaskAnswer }) {
  return (
    <tr role="row">
      <th role="rowheader" scope="row">
        <a href={linkTo({ task: task.task })} dir="auto">
          {task.task}
        </a>
        <small dir="auto">{task.description}</small>
      </th>
      <td role="cell" data-l="Status">
        <State task={task} />
      </td>
      <td role="cell" data-l="Schedule">
        {task.scheduleWords}
        <small>
          <code>{task.schedule}</code> UTC
        </small>
      </td>
      <td role="cell" data-l="Next">
        {task.enabled ? <When at={task.nextExpectedAt} /> : <span class="none">not scheduled</span>}
      </td>
      <td role="cell" data-l="Last">
        <When at={task.lastStartedAt} />
      </td>
      <td role="cell" data-l="Duration" class="number">
        <Took task={task} />
      </td>
      <td role="cell" data-l="Fails in a row" class={task.consecutiveFailures > 0 ? 'number failed' : 'number'}>
        {task.consecutiveFailures}
      </td>
      <td role="cell" data-l="Last runs">
        <Strip bars={task.strip} />
      </td>
    </tr>
  );
}

/** The badge of a task with its reason beside it, as the rule has it at this second. */
export function State({ task }: { task: TaskAnswer }) {
  const { state, reason, running } = badgeOf(task).value;
  return (
    <>
      <Badge {...STATES[state]} />
      {running && state !== 'running' && (
        <span class="also">
          <Icon name="running" /> running
        </span>
      )}
      {state !== 'ok' && <small dir="auto">{reason}</small>}
    </>
  );
}

/** How long the last run took, beside what is usual. */
export function Took({ task }: { task: TaskAnswer }) {
  if (task.lastDurationMs === null) return <span class="none">-</span>;
  return (
    <>
      {duration(task.lastDurationMs)}
      {task.typicalDurationMs !== null && <small>usually {duration(task.typicalDurationMs)}</small>}
    </>
  );
}
