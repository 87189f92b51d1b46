import type { DayAnswer } from '../../../api/schemas.ts';
import type { Feed } from '../live/feed.ts';
import { Panel } from '../parts/panel.tsx';
import { Chart } from './chart.tsx';
import { SERIES } from './series.ts';

/** How the last 30 days went. */
export function Days({ days }: { days: Feed<DayAnswer[]> }) {
  const data = days.answer.value?.data ?? [];
  return (
    <Panel id="days" title="Last 30 days" feed={days}>
      <div class="charts">
        {SERIES.map((series) => (
          <Chart key={series.id} series={series} days={data} />
        ))}
      </div>
    </Panel>
  );
}
