import { useMemo } from 'preact/hooks';
import { progressWords } from '../../../../shared/figures.ts';
import type { JobAnswer } from '../../../api/job-schemas.ts';
import type { StatusAnswer } from '../../../api/schemas.ts';
import { isOff } from '../../../rules/is-off.ts';
import type { Feed } from '../live/feed.ts';
import type { Poller } from '../live/poller.ts';
import { Badge } from '../parts/badge.tsx';
import { Cards, Cell, Column, Name, Row } from '../parts/cards.tsx';
import { useHeldOrder } from '../parts/held-order.ts';
import { MovedNote } from '../parts/moved-note.tsx';
import { Panel } from '../parts/panel.tsx';
import { SortButton } from '../parts/sort-button.tsx';
import { Since } from '../parts/when.tsx';
import { jobsUrl, linkTo, query, setFilter } from '../route/route.ts';
import { Filters } from './filters.tsx';
import { begunAt, JOB_SORTINGS, jobsWith, orderedJobs } from './order.ts';
import { type Pages, pagesOf } from './pages.ts';
import { jobKey, jobLook, trulyWord } from './words.ts';

interface JobsProps {
  status: Feed<StatusAnswer>;
  jobs: Feed<JobAnswer[]>;
  /** Lets a poller go on and pause as all others do. */
  follow: (poller: Poller) => () => void;
}

/** The active jobs: what their records say beside what is true. */
export function Jobs({ status, jobs, follow }: JobsProps) {
  const pages = useMemo(() => pagesOf(jobs, jobsUrl, follow), [jobs, follow]);
  const answer = pages.answer.value;
  return (
    <Panel
      id="jobs"
      title="Jobs, record beside truth"
      feed={pages}
      tools={<Filters status={status} asksAnew={pages.restart} />}
    >
      {answer?.problems.map(({ path, message }) => (
        <p class="note stale" key={path + message} dir="auto">
          {message}
        </p>
      ))}
      <Table pages={pages} loaded={answer?.data ?? []} />
    </Panel>
  );
}

function Table({ pages, loaded }: { pages: Pages<JobAnswer>; loaded: readonly JobAnswer[] }) {
  const find = query.value.get('find') ?? '';
  const differing = query.value.get('jobs') === 'differ';
  const sorting = JOB_SORTINGS.find((it) => it === query.value.get('by')) ?? '';
  // Also what was loaded before the filter was set must not stand under it.
  const rows = jobsWith(differing ? loaded.filter(isOff) : loaded, find);
  // Where no job reports, that is no column.
  const report = rows.some(({ reporter }) => reporter !== null);
  const byKey = new Map(rows.map((job) => [jobKey(job), job]));
  const held = useHeldOrder([...new Set(orderedJobs(rows, sorting).map(jobKey))], sorting + find);
  return (
    <>
      {rows.length > 0 && (
        <Cards
          labelledBy="jobs-title"
          onRead={held.hold}
          head={
            <>
              <SortColumn name="Job" by="job" />
              <Column>Our record</Column>
              <Column>Its backend</Column>
              {report && <Column>It reports</Column>}
              <SortColumn name="Since" by="since" />
              <Column>Verdict</Column>
            </>
          }
        >
          {held.names.map((key) => {
            const job = byKey.get(key);
            return job && <JobRow key={key} job={job} withReports={report} />;
          })}
        </Cards>
      )}
      <MovedNote {...held} />
      <Behind pages={pages} shown={rows.length} loaded={loaded.length} />
    </>
  );
}

function SortColumn({ name, by }: { name: string; by: 'job' | 'since' }) {
  const sorting = query.value.get('by');
  const sort = sorting === by ? 'ascending' : sorting === `-${by}` ? 'descending' : undefined;
  const next = sort === undefined ? by : sort === 'ascending' ? `-${by}` : '';
  return (
    <Column sort={sort}>
      <SortButton name={name} sort={sort} onClick={() => setFilter('by', next)} />
    </Column>
  );
}

/** What is not shown, and why; nothing is said of jobs that were not looked at. */
function Behind({ pages, shown, loaded }: { pages: Pages<JobAnswer>; shown: number; loaded: number }) {
  const behind = pages.behind.value;
  const differing = query.value.get('jobs') === 'differ';
  const isAll = behind === 'nothing' && (pages.answer.value?.problems.length ?? 0) === 0;
  const narrowed = ['find', 'source', 'record'].some((name) => query.value.has(name));
  if (isAll && loaded === 0 && !narrowed)
    return <p class="empty">{differing ? 'Every record agrees with its backend.' : 'No job is active.'}</p>;
  if (behind === 'nothing' && shown > 0 && shown === loaded) return null;
  return (
    <p class="note more">
      <span>
        {shown === loaded ? `${shown} shown` : `${shown} of ${loaded} loaded jobs shown`}
        {behind !== 'nothing' && '; there are more, which Find and the order leave out'}.
      </span>
      {behind === 'more' && (
        <button type="button" onClick={pages.more}>
          Show more
        </button>
      )}
      {behind === 'loading' && <span>Loading</span>}
      {behind === 'too-much' && (
        <span>
          All of them: <code>npm run -s ops -- jobs</code>
        </span>
      )}
    </p>
  );
}

function JobRow({ job, withReports }: { job: JobAnswer; withReports: boolean }) {
  const { record, backend, reporter } = job;
  const same = job.agrees && backend.state === record.state;
  const progress = progressWords(job.reporter?.progress ?? null);
  const began = begunAt(job);
  return (
    <Row differs={isOff(job)}>
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
      {withReports && (
        <Cell label="It reports">
          {reporter ? <Badge {...jobLook(reporter.state)} /> : <span class="none">nothing</span>}
          {progress && <small dir="auto">{progress}</small>}
        </Cell>
      )}
      <Cell label="Since">{began ? <Since at={began} /> : <span class="none">not known</span>}</Cell>
      <Cell label="Verdict">
        {isOff(job) ? (
          <Badge tone="warn" icon="alarm" word={job.agrees ? 'over its limit' : trulyWord(job)} />
        ) : (
          <span class="none">{same ? 'agrees' : `kept as ${job.shown}`}</span>
        )}
        {!(same && !isOff(job)) && <small dir="auto">{job.because}</small>}
      </Cell>
    </Row>
  );
}
