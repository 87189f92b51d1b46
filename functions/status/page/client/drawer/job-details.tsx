import { progressWords, stamp } from '../../../../shared/figures.ts';
import type { JobAnswer } from '../../../api/job-schemas.ts';
import { jobLook, trulyWord } from '../jobs/words.ts';
import { Badge } from '../parts/badge.tsx';
import { Command } from '../parts/copy.tsx';
import { Panel } from '../parts/panel.tsx';
import { When } from '../parts/when.tsx';
import { useAsked } from './asked.ts';
import { Facts } from './facts.tsx';

/** All about one job: record and truth side by side, and the verdict with its reason; from the list where it is there. */
export function JobDetails({ name, listed }: { name: string; listed: JobAnswer | undefined }) {
  const slash = name.indexOf('/');
  const [source, id] = [name.slice(0, slash), name.slice(slash + 1)];
  const asked = useAsked<JobAnswer>(`api/jobs/${encodeURIComponent(source)}/${encodeURIComponent(id)}`);
  const job = asked.answer.value?.data ?? listed;
  return (
    <>
      <h2 id="drawer-title" dir="auto">
        {id}
      </h2>
      <p class="lead" dir="auto">
        {job ? [job.source, job.project, job.type].filter(Boolean).join(', ') : source}
      </p>
      {job && (
        <>
          <p class="state">
            <Badge
              tone={job.agrees ? 'good' : 'warn'}
              icon={job.agrees ? 'ok' : 'alarm'}
              word={job.agrees ? 'agrees' : trulyWord(job)}
            />
            <small dir="auto">{job.because}</small>
          </p>
          <Command text={job.command} />
          <Facts
            facts={[
              ['Our record', <Badge key="record" {...jobLook(job.record.state)} />],
              ['Its backend', <Badge key="backend" {...jobLook(job.backend.state)} />],
              ['Status in the record', <bdi key="status">{job.record.status}</bdi>],
              ['The backend said', <bdi key="said">{job.backend.said}</bdi>],
              ['Began, by the record', time(job.record.startedAt)],
              ['Began, by the backend', time(job.backend.startedAt)],
              ['Last heartbeat', <When key="beat" at={job.record.heartbeatAt} none="none" />],
              ['Backend asked', <When key="asked" at={job.backend.askedAt} none="not asked" />],
              ['Record written', <When key="written" at={job.record.writtenAt} />],
              ['Verdict of a sweep', `${job.verdict.kind} (${job.verdict.rule})`],
              ['Document', <bdi key="path">{job.path}</bdi>],
            ]}
          />
          {job.reporter && <Reporter reporter={job.reporter} />}
          {job.record.error && <p dir="auto">{job.record.error}</p>}
        </>
      )}
      {!job && (
        <Panel id="job" title="The job" feed={asked}>
          {null}
        </Panel>
      )}
    </>
  );
}

/** What the newest execution of a job tells of itself. */
function Reporter({ reporter }: { reporter: NonNullable<JobAnswer['reporter']> }) {
  const { execution, host, state, cause, exitCode, signal, checkpoint, progress, rivals } = reporter;
  const how = [cause, exitCode === null ? null : `code ${exitCode}`, signal].filter(Boolean).join(', ');
  const others = rivals.map((rival) => `${rival.execution}${rival.host === null ? '' : ` on ${rival.host}`}`);
  return (
    <>
      <h3>What it reports</h3>
      <Facts
        facts={[
          ['State', <Badge key="state" {...jobLook(state)} />],
          ['Execution', <bdi key="execution">{execution}</bdi>],
          ['Host', <bdi key="host">{host ?? 'not known'}</bdi>],
          ['Last seen alive', <When key="seen" at={reporter.seenAt} none="never" />],
          ['Last report', <When key="report" at={reporter.receivedAt} />],
          ['Progress', <bdi key="progress">{progressWords(progress) || 'none'}</bdi>],
          ['The same since', <When key="same" at={reporter.progressAt} none="not known" />],
          ['Checkpoint', <bdi key="checkpoint">{checkpoint?.uri ?? 'none'}</bdi>],
          ['How it ended', how || (reporter.goneAt ? 'found dead on its host' : 'it has not')],
          ...(reporter.waits ? [['Its job', 'waits for another try'] as const] : []),
          ...(others.length > 0
            ? [['Runs as well', <bdi key="rivals">{others.join('; ')}</bdi>] as const]
            : []),
        ]}
      />
    </>
  );
}

function time(at: string | null): string {
  return at === null ? 'not known' : stamp(new Date(at));
}
