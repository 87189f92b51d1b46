import { computed, useComputed } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { WorkloadsAnswer } from '../../../api/workload-schemas.ts';
import { now } from '../live/clock.ts';
import type { Feed } from '../live/feed.ts';
import type { Poller } from '../live/poller.ts';
import { Icon } from '../parts/icon.tsx';
import { Panel } from '../parts/panel.tsx';
import { refresher } from './refresher.ts';
import { Table } from './table.tsx';
import { type RefreshLine, refreshLine, seenAt } from './words.ts';

interface WorkloadsProps {
  workloads: Feed<WorkloadsAnswer>;
  /** Lets a poller go on and pause as all others do; returns how to stop it. */
  follow: (poller: Poller) => () => void;
}

/** What runs on the platform outside the records; nothing where the settings name no table. */
export function Workloads({ workloads, follow }: WorkloadsProps) {
  const aged = useMemo(() => asOldAsSeen(workloads), [workloads]);
  const refreshes = useMemo(() => refresher(() => void workloads.poll.refresh()), [workloads]);
  const answer = workloads.answer.value;
  const { tables = [] } = answer?.data ?? {};
  const isWatched = tables.length > 0;
  useEffect(() => (isWatched ? follow(refreshes.poll) : undefined), [isWatched, refreshes]);
  const problems = answer?.problems ?? [];
  if (answer && tables.length === 0 && problems.length === 0) return null;
  const unreadable = new Map(problems.map(({ path, message }) => [path.split('/').at(-1), message]));
  const others = problems.filter(({ path }) => tables.every(({ table }) => path.split('/').at(-1) !== table));
  return (
    <Panel id="workloads" title="Workloads on the platform" feed={aged}>
      <Refreshing workloads={workloads} />
      {refreshes.trouble.value && (
        <p class="note stale" dir="auto">
          {refreshes.trouble.value}. What is shown is as old as it says.
        </p>
      )}
      {others.map(({ path, message }) => (
        <p class="note stale" key={path + message} dir="auto">
          {message}
        </p>
      ))}
      {tables.map((table) => (
        <Table key={table.table} table={table} unreadable={unreadable.get(table.table)} />
      ))}
    </Panel>
  );
}

/** The feed, as old as what was seen of the platform: its records may have been read long after. */
function asOldAsSeen(feed: Feed<WorkloadsAnswer>): Feed<WorkloadsAnswer> {
  const asOf = computed(() => {
    const seen = feed.answer.value?.data.tables.flatMap(({ regions }) => seenAt(regions) ?? []) ?? [];
    return seen.length > 0 ? Math.min(...seen) : feed.asOf.value;
  });
  return { ...feed, asOf };
}

/** What is being fetched right now, and which calls are waited for or were given up on. */
function Refreshing({ workloads }: Pick<WorkloadsProps, 'workloads'>) {
  const line = useComputed(() =>
    JSON.stringify(refreshLine(workloads.answer.value?.data.refresh ?? null, now.value)),
  );
  const { words, calls, tone }: RefreshLine = JSON.parse(line.value);
  if (words === '' && calls.length === 0) return null;
  return (
    <div class={`refreshing ${tone}`}>
      {words && (
        <p>
          {tone !== 'calm' && <Icon name={tone === 'busy' ? 'refresh' : 'degraded'} />}
          {words}
        </p>
      )}
      {calls.length > 0 && (
        <ul>
          {calls.map((call) => (
            <li key={call.split(',', 1)[0]} dir="auto">
              {call}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
