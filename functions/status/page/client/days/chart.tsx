import type { DayAnswer } from '../../../api/schemas.ts';
import { Scroll } from '../parts/scroll.tsx';
import { extremesOf, type Part, type Series, totalOf } from './series.ts';

const STEP = 12;
const HEIGHT = 88;

/** One figure of the last days: bars for the eye, and a table of the same for whoever cannot see them, or wants the numbers. */
export function Chart({ series, days }: { series: Series; days: readonly DayAnswer[] }) {
  const extremes = extremesOf(series, days);
  const { id, title, words, parts } = series;
  return (
    <section class="chart" aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      {extremes ? (
        <>
          <p class="figure">
            {words(extremes.newest.total)} <small>on {extremes.newest.date}</small>
          </p>
          <Bars series={series} days={days} most={extremes.highest.total} />
          <p class="scale">
            <span>{days[0]?.date}</span>
            <span>most {words(extremes.highest.total)}</span>
            <span>{days.at(-1)?.date}</span>
          </p>
          {parts.length > 1 && <Legend parts={parts} />}
          <details>
            <summary>
              Data table<span class="hidden"> of {title}</span>
            </summary>
            <DataTable series={series} days={days} />
          </details>
        </>
      ) : (
        <p class="empty">No day of these has been collected yet.</p>
      )}
    </section>
  );
}

interface BarsProps {
  series: Series;
  days: readonly DayAnswer[];
  most: number;
}

function Bars({ series, days, most }: BarsProps) {
  const { words } = series;
  const label = `${series.title}, ${days.length} days up to ${days.at(-1)?.date}, at most ${words(most)}; the data table below has each`;
  return (
    <svg class="bars" viewBox={`0 0 ${days.length * STEP} ${HEIGHT}`} role="img" aria-label={label}>
      <path class="base" d={`M0 ${HEIGHT - 0.5}h${days.length * STEP}`} />
      {days.map((day, index) => {
        const total = totalOf(series, day);
        let top = HEIGHT;
        return (
          <g key={day.date}>
            <title>{`${day.date}: ${total === null ? 'not known' : words(total)}`}</title>
            {total === null ? (
              <rect class="gap" x={index * STEP + 1} y={HEIGHT - 6} width={STEP - 3} height={6} />
            ) : (
              series.parts.map((part) => {
                const height = ((part.of(day) ?? 0) / Math.max(most, 1e-9)) * (HEIGHT - 4);
                top -= height;
                return (
                  <rect
                    key={part.name}
                    class={part.tone}
                    x={index * STEP + 1}
                    y={top}
                    width={STEP - 3}
                    height={height}
                  />
                );
              })
            )}
          </g>
        );
      })}
    </svg>
  );
}

function Legend({ parts }: { parts: readonly Part[] }) {
  return (
    <p class="legend">
      {parts.map(({ name, tone }) => (
        <span key={name} class={tone}>
          {name}
        </span>
      ))}
    </p>
  );
}

function DataTable({
  series: { title, parts, words },
  days,
}: {
  series: Series;
  days: readonly DayAnswer[];
}) {
  return (
    <Scroll label={`${title}, day by day`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Day</th>
            {parts.map(({ name }) => (
              <th scope="col" key={name}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {days.toReversed().map((day) => (
            <tr key={day.date}>
              <th scope="row">{day.date}</th>
              {parts.map(({ name, of }) => {
                const value = of(day);
                return <td key={name}>{value === null ? 'not known' : words(value)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
