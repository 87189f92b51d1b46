import { duration } from '../../../../shared/figures.ts';
import type { TaskAnswer } from '../../../api/schemas.ts';
import { Badge } from '../parts/badge.tsx';
import { Cell, Name, Row } from '../parts/cards.tsx';
import { Icon } from '../parts/icon.tsx';
import { When } from '../parts/when.tsx';
import { linkTo } from '../route/route.ts';
import { badgeOf } from './badge.ts';
import { STATES } from './states.ts';
import { Strip } from './strip.tsx';

/** A task in the table. */
export function TaskRow({ task }: { task: TaskAnswer }) {
  return (
    <Row>
      <Name href={linkTo({ task: task.task })} name={task.task} about={task.description} />
      <Cell label="Status">
        <State task={task} />
      </Cell>
      <Cell label="Schedule">
        <Schedule task={task} />
      </Cell>
      <Cell label="Next">
        {task.enabled ? <When at={task.nextExpectedAt} /> : <span class="none">not scheduled</span>}
      </Cell>
      <Cell label="Last">
        <When at={task.lastStartedAt} />
      </Cell>
      <Cell label="Duration">
        <Took task={task} />
      </Cell>
      <Cell label="Fails in a row" failed={task.consecutiveFailures > 0}>
        {task.consecutiveFailures}
      </Cell>
      <Cell label="Last runs">
        <Strip bars={task.strip} />
      </Cell>
    </Row>
  );
}

/** When it is due, in words, with the cron text that says it exactly. */
export function Schedule({ task: { schedule, scheduleWords } }: { task: TaskAnswer }) {
  return (
    <span>
      {scheduleWords}
      <small>
        <code>{schedule}</code> UTC
      </small>
    </span>
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
    <span>
      {duration(task.lastDurationMs)}
      {task.typicalDurationMs !== null && <small>usually {duration(task.typicalDurationMs)}</small>}
    </span>
  );
}
