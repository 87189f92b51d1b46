import { useComputed } from '@preact/signals';
import { HEALTH_STATES } from '../../../../shared/model/run/health-state.ts';
import type { StatusAnswer } from '../../../api/schemas.ts';
import type { Feed } from '../live/feed.ts';
import { Cards, Column } from '../parts/cards.tsx';
import { Find } from '../parts/find.tsx';
import { useHeldOrder } from '../parts/held-order.ts';
import { Icon } from '../parts/icon.tsx';
import { useInSteps } from '../parts/in-steps.ts';
import { MovedNote } from '../parts/moved-note.tsx';
import { Panel } from '../parts/panel.tsx';
import { type Direction, SortButton } from '../parts/sort-button.tsx';
import { query, setFilter } from '../route/route.ts';
import { badgeOf } from './badge.ts';
import {
  matching,
  nextSorting,
  ordered,
  type Sorting,
  type SortKey,
  sortingOf,
  type TaskNow,
} from './order.ts';
import { STATES } from './states.ts';
import { TaskRow } from './task-row.tsx';

const COLUMNS: readonly (readonly [string, SortKey | null])[] = [
  ['Task', 'task'],
  ['Status', 'status'],
  ['Schedule', null],
  ['Next', 'next'],
  ['Last', 'last'],
  ['Duration', 'duration'],
  ['Fails', 'fails'],
  ['Last 20, newest right', null],
];

/** The scheduled tasks, the worst first. */
export function Tasks({ status }: { status: Feed<StatusAnswer> }) {
  // States alone: what only ticks renders its own text.
  const states = useComputed(() =>
    (status.answer.value?.data.tasks ?? []).map((task) => badgeOf(task).value.state).join(),
  );
  const names = states.value.split(',');
  const tasks: TaskNow[] = (status.answer.value?.data.tasks ?? []).map((task, index) => ({
    task,
    state: HEALTH_STATES.find((state) => state === names[index]) ?? 'new',
  }));
  return (
    <Panel id="tasks" title="Scheduled tasks" feed={status} tools={<Filters tasks={tasks} />}>
      <Table tasks={tasks} />
    </Panel>
  );
}

function Filters({ tasks }: { tasks: readonly TaskNow[] }) {
  const chosen = query.value.get('state') ?? '';
  const counts = Map.groupBy(tasks, ({ state }) => state);
  return (
    <>
      <Find what="a task" name="q" />
      <span class="chips">
        {HEALTH_STATES.filter((state) => counts.has(state) || state === chosen).map((state) => (
          <button
            type="button"
            key={state}
            class={`chip ${STATES[state].tone}`}
            aria-pressed={state === chosen}
            onClick={() => setFilter('state', state === chosen ? '' : state)}
          >
            <Icon name={STATES[state].icon} /> {STATES[state].word} {counts.get(state)?.length ?? 0}
          </button>
        ))}
      </span>
    </>
  );
}

function Table({ tasks }: { tasks: readonly TaskNow[] }) {
  const sorting = sortingOf(query.value.get('sort'));
  const shown = matching(tasks, query.value.get('q') ?? '', query.value.get('state') ?? '');
  const inOrder = ordered(shown, sorting);
  const held = useHeldOrder(
    inOrder.map(({ task }) => task.task),
    `${sorting.key}${sorting.descending}`,
  );
  const most = useInSteps();
  const byName = new Map(shown.map(({ task }) => [task.task, task]));
  return (
    <>
      {shown.length > 0 && (
        <Cards
          labelledBy="tasks-title"
          onRead={held.hold}
          head={COLUMNS.map(([name, key]) => {
            const sort = key === sorting.key ? directionOf(sorting) : undefined;
            const sortBy = () => key && setFilter('sort', nextSorting(sorting, key));
            return (
              <Column key={name} sort={sort}>
                {key ? <SortButton name={name} sort={sort} onClick={sortBy} /> : name}
              </Column>
            );
          })}
        >
          {held.names.slice(0, most).map((name) => {
            const task = byName.get(name);
            return task && <TaskRow key={name} task={task} />;
          })}
        </Cards>
      )}
      {shown.length === 0 && (
        <p class="empty">{tasks.length === 0 ? 'No task is on record yet.' : 'No task is like that.'}</p>
      )}
      <MovedNote {...held} />
    </>
  );
}

function directionOf({ descending }: Sorting): Direction {
  return descending ? 'descending' : 'ascending';
}
