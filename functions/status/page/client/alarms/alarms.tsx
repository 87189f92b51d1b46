import { useComputed } from '@preact/signals';
import type { AlarmAnswer, StatusAnswer, TaskAnswer } from '../../../api/schemas.ts';
import { now } from '../live/clock.ts';
import type { Feed } from '../live/feed.ts';
import { Badge } from '../parts/badge.tsx';
import { Command } from '../parts/copy.tsx';
import { Panel } from '../parts/panel.tsx';
import type { IconName } from '../parts/shapes.ts';
import type { Tone } from '../parts/tone.ts';
import { Since, When } from '../parts/when.tsx';
import { linkTo } from '../route/route.ts';
import { badgeOf } from '../tasks/badge.ts';
import { STATES } from '../tasks/states.ts';
import { type ToDo, toDoAbout, toDoInState } from './answers.ts';
import { covers, WRONG, wrongSince } from './attention.ts';

const SEVERITIES: Record<AlarmAnswer['severity'], { tone: Tone; icon: IconName; word: string }> = {
  critical: { tone: 'bad', icon: 'failing', word: 'Critical' },
  warning: { tone: 'warn', icon: 'alarm', word: 'Warning' },
  notice: { tone: 'calm', icon: 'alarm', word: 'Notice' },
};

/** What wants a person: the open alarms, and the tasks that are wrong without one; what it is, since when, what to do. */
export function Alarms({ status }: { status: Feed<StatusAnswer> }) {
  const data = status.answer.value?.data;
  const alarms = data?.alarms ?? [];
  // One string for all: it changes only when something is muted no more.
  const mutedIds = useComputed(() =>
    (status.answer.value?.data.alarms ?? [])
      .filter(({ mute }) => mute && Date.parse(mute.until) > now.value)
      .map(({ id }) => id)
      .join('\n'),
  );
  const muted = new Set(mutedIds.value.split('\n'));
  const loud = alarms.filter(({ id }) => !muted.has(id));
  const silent = alarms.filter(({ id }) => muted.has(id));
  const tasks = (data?.tasks ?? []).filter((task) => {
    const { state } = badgeOf(task).value;
    return WRONG.includes(state) && !alarms.some((alarm) => covers(alarm, task.task, state));
  });
  return (
    <Panel id="alarms" title="Needs attention" feed={status}>
      {loud.length + tasks.length === 0 && <p class="empty">Nothing: no alarm is open.</p>}
      <ul class="alarms">
        {loud.filter(({ severity }) => severity === 'critical').map(alarmCard)}
        {tasks.map((task) => (
          <TaskCard key={task.task} task={task} />
        ))}
        {loud.filter(({ severity }) => severity !== 'critical').map(alarmCard)}
      </ul>
      {silent.length > 0 && (
        <details>
          <summary>{silent.length} muted</summary>
          <ul class="alarms">{silent.map(alarmCard)}</ul>
        </details>
      )}
    </Panel>
  );

  function alarmCard(alarm: AlarmAnswer) {
    const isTask = data?.tasks.some(({ task }) => task === alarm.subject) ?? false;
    return <AlarmCard key={alarm.id} alarm={alarm} isTask={isTask} muted={muted.has(alarm.id)} />;
  }
}

function AlarmCard({ alarm, isTask, muted }: { alarm: AlarmAnswer; isTask: boolean; muted: boolean }) {
  const { tone, ...look } = SEVERITIES[alarm.severity];
  return (
    <li class={muted ? 'calm' : tone}>
      <Badge {...look} tone={tone} />
      <div>
        <h3>
          <Subject name={alarm.subject} isTask={isTask} /> {alarm.kind.replaceAll('-', ' ')}
          <span class="since">
            for <Since at={alarm.brokenAt} />
          </span>
        </h3>
        <p dir="auto">{alarm.message}</p>
        {muted && alarm.mute && (
          <p>
            Muted by <bdi>{alarm.mute.by}</bdi>, until <When at={alarm.mute.until} />:{' '}
            <bdi>{alarm.mute.reason}</bdi>
          </p>
        )}
        <Advice toDo={toDoAbout(alarm)} />
      </div>
    </li>
  );
}

function TaskCard({ task }: { task: TaskAnswer }) {
  const { state, reason } = badgeOf(task).value;
  const since = wrongSince(state, task);
  const toDo = toDoInState(state, task.task);
  return (
    <li class={STATES[state].tone}>
      <Badge {...STATES[state]} />
      <div>
        <h3>
          <Subject name={task.task} isTask /> {STATES[state].word.toLowerCase()}
          {since && (
            <span class="since">
              for <Since at={since} />
            </span>
          )}
        </h3>
        <p dir="auto">{reason}</p>
        {toDo && <Advice toDo={toDo} />}
      </div>
    </li>
  );
}

function Subject({ name, isTask }: { name: string; isTask: boolean }) {
  return isTask ? (
    <a href={linkTo({ task: name })}>
      <bdi>{name}</bdi>
    </a>
  ) : (
    <bdi>{name}</bdi>
  );
}

/** What to do, in words, with the command for it. */
export function Advice({ toDo: { words, command } }: { toDo: ToDo }) {
  return (
    <p class="advice">
      <span>{words}</span>
      {command && <Command text={command} />}
    </p>
  );
}
