import { useComputed } from '@preact/signals';
import { MINUTE_MS } from '../../../../shared/dates.ts';
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
import { DOCTOR, type ToDo, toDoAboutSource, toDoInState } from './answers.ts';
import { type Attention, attentionAt, wrongSince } from './attention.ts';

const NOTHING: Attention = { alarms: [], muted: [], tasks: [], sources: [], unreadable: [] };

const SEVERITIES: Record<AlarmAnswer['severity'], { tone: Tone; icon: IconName; word: string }> = {
  critical: { tone: 'bad', icon: 'failing', word: 'Critical' },
  warning: { tone: 'warn', icon: 'alarm', word: 'Warning' },
  notice: { tone: 'calm', icon: 'alarm', word: 'Notice' },
};

/** What wants a person: what it is, since when, and what to do. */
export function Alarms({ status }: { status: Feed<StatusAnswer> }) {
  const answer = status.answer.value;
  // By minutes: what is muted, or not looked at any more, is told soon enough; and the cards count their own seconds.
  const minute = useComputed(() => Math.floor(now.value / MINUTE_MS) * MINUTE_MS);
  const { alarms, muted, tasks, sources, unreadable } = answer ? attentionAt(answer, minute.value) : NOTHING;
  const isTask = (name: string) => answer?.data.tasks.some(({ task }) => task === name) ?? false;
  const cards = (list: readonly AlarmAnswer[], isMuted: boolean) =>
    list.map((alarm) => (
      <AlarmCard key={alarm.id} alarm={alarm} isTask={isTask(alarm.subject)} muted={isMuted} />
    ));
  const isCritical = ({ severity }: AlarmAnswer) => severity === 'critical';
  return (
    <Panel id="alarms" title="Needs attention" feed={status}>
      {alarms.length + tasks.length + sources.length + unreadable.length === 0 && (
        <p class="empty">Nothing. No alarm is open{muted.length > 0 && ' that is not muted'}.</p>
      )}
      <ul class="alarms">
        {cards(alarms.filter(isCritical), false)}
        {tasks.map((task) => (
          <TaskCard key={task.task} task={task} />
        ))}
        {sources.map(({ source, wrong }) => (
          <Card
            key={source}
            word="Jobs"
            subject={`source ${source}`}
            wrong={wrong}
            toDo={toDoAboutSource(source)}
          />
        ))}
        {unreadable.map(({ path, message }) => (
          <Card key={path} word="Unreadable" subject={path} wrong={message} toDo={DOCTOR} />
        ))}
        {cards(
          alarms.filter((alarm) => !isCritical(alarm)),
          false,
        )}
      </ul>
      {muted.length > 0 && (
        <details>
          <summary>{muted.length} muted</summary>
          <ul class="alarms">{cards(muted, true)}</ul>
        </details>
      )}
    </Panel>
  );
}

function AlarmCard({ alarm, isTask, muted }: { alarm: AlarmAnswer; isTask: boolean; muted: boolean }) {
  const { tone, ...look } = SEVERITIES[alarm.severity];
  return (
    <li class={muted ? 'calm' : tone}>
      <Badge {...look} tone={tone} />
      <div>
        <h3>
          <Subject name={alarm.subject} isTask={isTask} /> {alarm.kind.replaceAll('-', ' ')}{' '}
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
        <Advice toDo={alarm.advice} />
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
          <Subject name={task.task} isTask /> {STATES[state].word.toLowerCase()}{' '}
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

function Card({ word, subject, wrong, toDo }: { word: string; subject: string; wrong: string; toDo: ToDo }) {
  return (
    <li class="warn">
      <Badge tone="warn" icon="alarm" word={word} />
      <div>
        <h3 dir="auto">{subject}</h3>
        <p dir="auto">{wrong}</p>
        <Advice toDo={toDo} />
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
      <Command text={command} />
    </p>
  );
}
