import { useComputed, useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { HEALTH_STATES } from '../../../../shared/model/run/health-state.ts';
import type { StatusAnswer } from '../../../api/schemas.ts';
import type { Feed } from '../live/feed.ts';
import { Cards, Column } from '../parts/cards.tsx';
import { Icon } from '../parts/icon.tsx';
import { Panel } from '../parts/panel.tsx';
import { query, setFilter } from '../route/route.ts';
import { badgeOf } from './badge.ts';
import {
  keptOrder,
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
      <label>
        Find{' '}
        <input
          type="search"
          value={query.value.get('q') ?? ''}
          maxLength={100}
          onInput={(event) => setFilter('q', event.currentTarget.value)}
        />
      </label>
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
  const { rows, moved, hold } = useHeldOrder(inOrder, `${sorting.key}${sorting.descending}`);
  return (
    <>
      {/* Rows stay where they are under a pointer or a focus. */}
      <Cards
        labelledBy="tasks-title"
        onRead={hold}
        head={COLUMNS.map(([name, key]) => (
          <Column key={name} sort={key === sorting.key ? directionOf(sorting) : undefined}>
            {key ? <SortButton name={name} column={key} /> : name}
          </Column>
        ))}
      >
        {rows.map(({ task }) => (
          <TaskRow key={task.task} task={task} />
        ))}
      </Cards>
      {rows.length === 0 && (
        <p class="empty">{tasks.length === 0 ? 'No task is on record yet.' : 'No task is like that.'}</p>
      )}
      {moved && (
        <p class="note">
          The order has changed.{' '}
          <button type="button" class="quiet" onClick={() => hold(false)}>
            Sort again
          </button>
        </p>
      )}
    </>
  );
}

function directionOf({ descending }: Sorting): 'ascending' | 'descending' {
  return descending ? 'descending' : 'ascending';
}

function SortButton({ name, column }: { name: string; column: SortKey }) {
  const sorting = sortingOf(query.value.get('sort'));
  return (
    <button type="button" class="sort" onClick={() => setFilter('sort', nextSorting(sorting, column))}>
      {name}
      {column === sorting.key && <Icon name={sorting.descending ? 'down' : 'up'} />}
    </button>
  );
}

/** The rows, which do not change places while a pointer or the focus is among them, unless another sorting is asked for. */
function useHeldOrder(rows: TaskNow[], sorting: string) {
  const held = useSignal(false);
  const last = useRef({ sorting, names: [] as string[] });
  const names = rows.map(({ task }) => task.task);
  const keep = held.value && last.current.sorting === sorting;
  const order = keep ? keptOrder(last.current.names, names) : names;
  last.current = { sorting, names: order };
  const place = new Map(order.map((name, index) => [name, index]));
  const placeOf = ({ task }: TaskNow) => place.get(task.task) ?? 0;
  return {
    rows: rows.toSorted((a, b) => placeOf(a) - placeOf(b)),
    moved: order.join() !== names.join(),
    hold: (reads: boolean) => {
      held.value = reads;
    },
  };
}
