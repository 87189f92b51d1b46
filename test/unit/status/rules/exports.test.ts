import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HEALTH_STATES } from '../../../../functions/shared/model/run/health-state.ts';
import { metricsText } from '../../../../functions/status/rules/metrics.ts';
import { statusAnswer, verdictLine } from '../../../../functions/status/rules/status-answer.ts';
import { badgeJson, badgeSvg, badgeWord } from '../../../../functions/status/rules/task-badge.ts';
import { at, healthOf } from '../../../support/health.ts';
import { duty } from '../../../support/status.ts';

function statusOf(task = 'duty') {
  return statusAnswer({
    duties: [duty(task)],
    sweepEveryMs: 600_000,
    platform: {
      instance: 'local',
      deployment: { project: 'p', region: null, service: null, revision: null },
      sources: [{ source: 'jobs', mode: 'observe' }],
    },
    records: {
      health: new Map([[task, healthOf({ task })]]),
      alarms: [],
      blocks: [],
      partial: new Map(),
      unreadable: [],
    },
    now: at(0),
  });
}

/** One line of OpenMetrics: a name, labels and a number. */
const SAMPLE =
  /^[a-z_]+(?:\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*\})? -?[\d.e+]+$/;

describe('/metrics', () => {
  test('is OpenMetrics: families in one piece, typed before their samples, and an end', () => {
    const lines = metricsText(statusOf(), null).split('\n');
    assert.deepEqual(lines.slice(-2), ['# EOF', '']);
    let family = '';
    const families: string[] = [];
    for (const line of lines.slice(0, -2)) {
      const [, name] = /^# TYPE (\S+) (?:gauge|stateset)$/.exec(line) ?? [];
      if (name) {
        family = name;
        families.push(name);
      } else if (!line.startsWith('#')) {
        assert.match(line, SAMPLE);
        assert.ok(line.startsWith(family), `${line} is not of ${family}`);
      }
    }
    assert.equal(new Set(families).size, families.length);
  });

  test('has one state of each task set, and what is unknown is left out', () => {
    const text = metricsText(statusOf(), null);
    const set = text.match(/nightshift_task_state\{.*\} 1/g);
    assert.deepEqual(set, ['nightshift_task_state{task="duty",nightshift_task_state="ok"} 1']);
    assert.equal(text.match(/nightshift_task_state\{/g)?.length, HEALTH_STATES.length);
    assert.doesNotMatch(text, /nightshift_jobs/);
  });

  test('a name cannot end its label', () => {
    const text = metricsText(statusOf('a"} 1\n# EOF\\'), null);
    assert.match(text, /task="a\\"\} 1\\n# EOF\\\\"/);
    assert.equal(text.split('\n').filter((line) => line === '# EOF').length, 1);
  });
});

describe('a badge', () => {
  test('is grey once its data are older than a minute, never green by age', () => {
    assert.equal(badgeWord('ok', at(0), at(60)), 'ok');
    assert.equal(badgeWord('ok', at(0), at(60.001)), 'unknown');
    assert.equal(badgeJson('duty', 'unknown').color, badgeJson('duty', 'disabled').color);
    assert.notEqual(badgeJson('duty', 'unknown').color, badgeJson('duty', 'ok').color);
  });

  test('says in words what its colour says, and keeps a hostile name as text', () => {
    const svg = badgeSvg('<img onerror="x">', 'failing');
    assert.doesNotMatch(svg, /<img/);
    assert.match(svg, /aria-label="[^"]*: failing"/);
    assert.equal(badgeJson('duty', 'failing').isError, true);
  });
});

describe('the verdict line', () => {
  test('counts what is worst first; what is off is left out', () => {
    const states = ['ok', 'late', 'failing', 'ok', 'disabled', 'failing'] as const;
    assert.equal(verdictLine(states.map((state) => ({ state }))), '2 failing, 1 late, 2 OK');
    assert.equal(verdictLine([{ state: 'disabled' }]), 'no task is enabled');
  });
});
