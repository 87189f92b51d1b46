import type { JobAnswer } from '../../../api/schemas.ts';
import type { Feed } from '../live/feed.ts';
import { Badge } from '../parts/badge.tsx';
import { Cards, Cell, Column, Name, Row } from '../parts/cards.tsx';
import { useHeldOrder } from '../parts/held-order.ts';
import { MovedNote } from '../parts/moved-note.tsx';
import { Panel } from '../parts/panel.tsx';
import { Since } from '../parts/when.tsx';
import { linkTo, query, setFilter } from '../route/route.ts';
import { jobKey, jobLook, trulyWord } from './words.ts';

/** The active jobs: what their records say beside what is true. */
export function Jobs({ jobs }: { jobs: Feed<JobAnswer[]> }) {
  const answer = jobs.answer.value;
  const rows = answer?.data ?? [];
  // Where something is off comes first.
  const held = useHeldOrder(rows.toSorted((a, b) => Number(a.agrees) - Number(b.agrees)).map(jobKey), '');
  const byKey = new Map(rows.map((job) => [jobKey(job), job]));
  const differing = query.value.get('jobs') === 'differ';
  return (
    <Panel id="jobs" title="Jobs, record beside truth" feed={jobs} tools={<Filter jobs={jobs} />}>
      {answer?.problems.map(({ path, message }) => (
        <p class="note stale" key={path + message} dir="auto">
          {message}
        </p>
      ))}
      {rows.length === 0 ? (
        <p class="empty">{differing ? 'Every record agrees with its backend.' : 'No job is active.'}</p>
      ) : (
        <Cards
          labelledBy="jobs-title"
          onRead={held.hold}
          head={['Job', 'Our record', 'Its backend', 'Since', 'Verdict'].map((name) => (
            <Column key={name}>{name}</Column>
          ))}
        >
          {held.names.map((key) => {
            const job = byKey.get(key);
            return job && <JobRow key={key} job={job} />;
          })}
        </Cards>
      )}
      <MovedNote {...held} />
      {answer?.page.after && <More count={rows.length} />}
    </Panel>
  );
}

function Filter({ jobs }: { jobs: Feed<JobAnswer[]> }) {
  const differing = query.value.get('jobs') === 'differ';
  return (
    <button
      type="button"
      class="chip warn"
      aria-pressed={differing}
      onClick={() => {
        setFilter('jobs', differing ? '' : 'differ');
        jobs.poll.restart();
      }}
    >
      Only where they differ
    </button>
  );
}

function More({ count }: { count: number }) {
  return (
    <p class="note">
      The first {count} are shown. All of them: <code>npm run -s ops -- jobs</code>
    </p>
  );
}

function JobRow({ job }: { job: JobAnswer }) {
  const { record, backend } = job;
  const same = job.agrees && backend.state === record.state;
  const began = record.startedAt ?? record.createdAt;
  return (
    <Row differs={!job.agrees}>
      <Name
        href={linkTo({ job: jobKey(job) })}
        name={job.id}
        about={[job.source, job.project, job.type].filter(Boolean).join(', ')}
      />
      <Cell label="Our record">
        <Badge {...jobLook(record.state)} />
        {record.status !== record.state && <small dir="auto">{record.status}</small>}
      </Cell>
      <Cell label="Its backend">
        <Badge {...jobLook(backend.state)} />
        {backend.kind && <small>{backend.kind}</small>}
      </Cell>
      <Cell label="Since">{began ? <Since at={began} /> : <span class="none">not known</span>}</Cell>
      <Cell label="Verdict">
        {job.agrees ? (
          <span class="none">{same ? 'agrees' : `kept as ${job.shown}`}</span>
        ) : (
          <Badge tone="warn" icon="alarm" word={trulyWord(job)} />
        )}
        {!same && <small dir="auto">{job.because}</small>}
      </Cell>
    </Row>
  );
}
