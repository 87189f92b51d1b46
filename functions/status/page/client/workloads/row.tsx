import { hasEnded } from '../../../../shared/model/workload/life.ts';
import type { WorkloadAnswer } from '../../../api/workload-schemas.ts';
import { jobKey, jobLook } from '../jobs/words.ts';
import { useAtNow } from '../live/at-now.ts';
import { Badge } from '../parts/badge.tsx';
import { Cell, Name, Row } from '../parts/cards.tsx';
import { Icon } from '../parts/icon.tsx';
import { Since, When } from '../parts/when.tsx';
import { linkTo } from '../route/route.ts';
import { lasted, linkOf, standingOf, trustIn, type WorkloadRegion, whyOf } from './words.ts';

interface WorkloadRowProps {
  row: WorkloadAnswer;
  /** The title of the column with the region. */
  place: string;
  region: WorkloadRegion | undefined;
}

/** One workload; of a region that is not heard of, with how old it is. */
export function WorkloadRow({ row, place, region }: WorkloadRowProps) {
  const open = !hasEnded(row);
  const trust = useAtNow((nowMs) => (open ? trustIn(region, nowMs) : 'now'), [open, region]).value;
  const state = useAtNow((nowMs) => standingOf(row, region, nowMs).state, [row, region]).value;
  const link = linkOf(row.link);
  const { ourJob } = row;
  const about = [row.job, ourJob && `job ${ourJob.id}`].filter(Boolean).join(', ');
  return (
    <Row>
      <Name href={ourJob ? linkTo({ job: jobKey(ourJob) }) : undefined} name={row.name} about={about} />
      <Cell label="Status">
        <Badge {...jobLook(state)} />
        {state !== row.state ? (
          <small>was {row.state} when last seen</small>
        ) : (
          !row.said.toLowerCase().endsWith(row.state) && (
            <small class="said" dir="auto">
              {row.said}
            </small>
          )
        )}
      </Cell>
      <Cell label={place}>
        {row.region}
        {trust !== 'now' && (
          <small class="stale">
            <Icon name="degraded" />
            {region?.asOf && 'as of '}
            <When at={region?.asOf ?? null} none="never seen" />
          </small>
        )}
      </Cell>
      <Cell label="Duration">
        <Lasted row={row} region={region} />
        <small>
          {row.endedAt ? (
            <>
              ended <When at={row.endedAt} />
            </>
          ) : (
            row.state === 'queued' && 'waits'
          )}
        </small>
        {row.silentSince && (
          <small class="stale">
            <Icon name="degraded" />
            silent for <Since at={row.silentSince} />
          </small>
        )}
      </Cell>
      <Cell label="Reason">
        <WhyCell row={row} />
      </Cell>
      <Cell label="Open">
        {link ? (
          <a href={link.href} target="_blank" rel="noreferrer">
            {link.word}
            <span class="hidden">
              {' '}
              of <bdi>{row.name}</bdi>, in a new tab
            </span>
          </a>
        ) : (
          <span class="none">-</span>
        )}
      </Cell>
    </Row>
  );
}

function Lasted({ row, region }: Pick<WorkloadRowProps, 'row' | 'region'>) {
  const words = useAtNow((nowMs) => lasted(row, region, nowMs) ?? '-', [row, region]);
  return <span>{words}</span>;
}

function WhyCell({ row }: Pick<WorkloadRowProps, 'row'>) {
  const { words, category, note, look } = whyOf(row);
  return (
    <>
      {words && (
        <span class={look ? 'stale' : undefined} dir="auto">
          {look && <Icon name="alarm" />}
          {words}
        </span>
      )}
      {(category || note) && <small dir="auto">{[category, note].filter(Boolean).join('; ')}</small>}
      {!words && !category && !note && <span class="none">-</span>}
    </>
  );
}
