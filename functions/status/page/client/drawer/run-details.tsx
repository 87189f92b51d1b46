import { duration, stamp } from '../../../../shared/figures.ts';
import type { RunAnswer } from '../../../api/schemas.ts';
import { Badge } from '../parts/badge.tsx';
import { Command, Copy } from '../parts/copy.tsx';
import { Panel } from '../parts/panel.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { shown } from '../route/route.ts';
import { OUTCOMES } from '../tasks/states.ts';
import { useAsked } from './asked.ts';
import { Facts } from './facts.tsx';

/** One run whole, with the stack of its error: the one that was chosen, else the last where it went wrong. */
export function RunDetails({ runId, task }: { runId: string; task: string }) {
  const asked = useAsked<RunAnswer>(`api/runs/${encodeURIComponent(runId)}`);
  const run = asked.answer.value?.data;
  const title = shown.value.has('run') ? 'Run' : 'What went wrong';
  return (
    <Panel id="run" title={title} feed={asked}>
      {run && (
        <>
          <p>
            <Badge {...OUTCOMES[run.outcome]} /> <code class="id">{run.runId}</code>
          </p>
          <Facts
            facts={[
              ['Began', stamp(new Date(run.startedAt))],
              ['Took', duration(run.durationMs)],
              ['Trigger', run.dryRun ? `${run.trigger}, dry run` : run.trigger],
              ['Attempt', run.attempt],
            ]}
          />
          {run.problems.map(({ path, message }) => (
            <p key={path + message} class="note" dir="auto">
              <code>{path}</code> {message}
            </p>
          ))}
          {run.failure ? (
            <Stack text={run.failure.stack || `${run.failure.name}: ${run.failure.message}`} />
          ) : (
            run.problems.length === 0 && run.error && <p dir="auto">{run.error}</p>
          )}
          <Command text={`npm run -s ops -- runs ${task === run.task ? run.runId : task}`} />
        </>
      )}
    </Panel>
  );
}

function Stack({ text }: { text: string }) {
  return (
    <div class="stack">
      <Scroll label="Stack of the error">
        <pre>{text}</pre>
      </Scroll>
      <Copy text={text} what="stack" />
    </div>
  );
}
