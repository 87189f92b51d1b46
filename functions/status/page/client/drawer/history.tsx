import { useSignal } from '@preact/signals';
import { duration, stamp } from '../../../../shared/figures.ts';
import type { RunLine } from '../../../api/schemas.ts';
import { Badge } from '../parts/badge.tsx';
import { Panel } from '../parts/panel.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { linkTo, shown } from '../route/route.ts';
import { OUTCOMES } from '../tasks/states.ts';
import { useAsked } from './asked.ts';

const LIMIT = 25;

/** The runs of a task, the newest first, 25 at a time. */
export function History({ task }: { task: string }) {
  const outcome = useSignal('');
  const trigger = useSignal('');
  const since = useSignal('');
  /** The cursors of the pages gone through; the last is of the page that is shown. */
  const cursors = useSignal<string[]>([]);
  const asked = useAsked<RunLine[]>(
    `api/tasks/${encodeURIComponent(task)}/runs?${new URLSearchParams(
      Object.entries({
        outcome: outcome.value,
        trigger: trigger.value,
        since: since.value && `${since.value}T00:00:00Z`,
        after: cursors.value.at(-1) ?? '',
        limit: String(LIMIT),
      }).filter(([, value]) => value),
    )}`,
  );
  const choose = (filter: { value: string }) => (event: { currentTarget: { value: string } }) => {
    filter.value = event.currentTarget.value;
    cursors.value = [];
  };
  const after = asked.answer.value?.page.after ?? null;
  const tools = (
    <>
      <label>
        Show{' '}
        <select value={outcome.value} onChange={choose(outcome)}>
          <option value="">all</option>
          {Object.entries(OUTCOMES).map(([outcome, { word }]) => (
            <option key={outcome} value={outcome}>
              {word}
            </option>
          ))}
        </select>
      </label>
      <label>
        Trigger{' '}
        <select value={trigger.value} onChange={choose(trigger)}>
          <option value="">any</option>
          <option>scheduled</option>
          <option>manual</option>
        </select>
      </label>
      <label>
        From <input type="date" value={since.value} onChange={choose(since)} />
      </label>
    </>
  );
  return (
    <Panel id="history" title="Runs" feed={asked} tools={tools}>
      <Runs runs={asked.answer.value?.data ?? []} task={task} />
      <p class="pages">
        <button
          type="button"
          disabled={cursors.value.length === 0}
          onClick={() => {
            cursors.value = cursors.value.slice(0, -1);
          }}
        >
          Newer
        </button>
        <button
          type="button"
          disabled={after === null}
          onClick={() => {
            if (after !== null) cursors.value = [...cursors.value, after];
          }}
        >
          Older
        </button>
      </p>
    </Panel>
  );
}

function Runs({ runs, task }: { runs: readonly RunLine[]; task: string }) {
  if (runs.length === 0) return <p class="empty">No run is like that.</p>;
  return (
    <Scroll label={`Runs of ${task}`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Began</th>
            <th scope="col">Outcome</th>
            <th scope="col">Took</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr key={run.runId} class={shown.value.get('run') === run.runId ? 'chosen' : undefined}>
              <td>
                <a href={linkTo({ task, run: run.runId })}>{stamp(new Date(run.startedAt))}</a>
                {run.trigger === 'manual' && <small>{run.dryRun ? 'manual, dry run' : 'manual'}</small>}
              </td>
              <td>
                <Badge {...OUTCOMES[run.outcome]} />
              </td>
              <td class="number">{duration(run.durationMs)}</td>
              <td class="why" dir="auto">
                {run.error ?? run.cause ?? (run.arrivedLate ? 'arrived late' : '')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
