import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MINUTE_MS, SECOND_MS } from '../../../functions/shared/dates.ts';
import { pageAssets } from '../../../functions/status/page/assets.ts';
import { openBrowser } from '../../../scripts/shared/chromium.ts';
import { recordedLog } from '../../support/google.ts';
import { at, healthOf } from '../../support/health.ts';
import { NEEDS_BROWSER, openTab, textOf } from '../../support/page/browser.ts';
import { ensurePage } from '../../support/page/built.ts';
import { serveHere } from '../../support/serve-service.ts';
import { statusService } from '../../support/status.ts';

const ALL = [
  'collect-metrics',
  'cleanup-artifacts',
  'prune-records',
  'sweep-stale-jobs',
  'observe-workloads',
];

describe('the page over the records', NEEDS_BROWSER, () => {
  test('turns late with a task that no run begins of, and blind once Firestore does not answer', async (t) => {
    await ensurePage();
    let frozen = false;
    const service = statusService(t, {
      begin: at(0),
      assets: pageAssets,
      change: (tools) => ({
        ...tools,
        records: {
          ...tools.records,
          tasks: (...asked) =>
            frozen ? Promise.reject(new Error('out of reach')) : tools.records.tasks(...asked),
        },
      }),
    });
    for (const task of ALL) {
      const nextExpectedAt = at(task === 'sweep-stale-jobs' ? 60 : 86_400);
      const ran = { lastOutcome: 'succeeded' as const, lastStartedAt: at(-600), watchedUntil: at(-600) };
      await service.collections.tasks.doc(task).set(healthOf({ task, nextExpectedAt, ...ran }));
    }
    const { url, stop } = await serveHere(service.handler, {
      log: recordedLog().log,
      clock: service.clock,
      limitMs: 20_000,
    });
    t.after(stop);
    const browser = await openBrowser();
    t.after(() => browser.close());
    const tab = await openTab(browser, `${url}/`, { time: at(0) });
    const { page } = tab;
    const verdict = page.getByRole('heading', { level: 1 });
    const pass = async (ms: number) => {
      service.clock.pass(ms);
      // What is due is done once, as by a device that slept.
      await page.clock.fastForward(ms);
    };
    const says = (words: RegExp) => page.getByRole('heading', { level: 1, name: words }).waitFor();

    await says(/^Everything is as it should be$/);
    // An answer under way while the clocks are moved on would be taken for one from another time.
    await page.getByText('No job is active').waitFor();
    // More rows than a first window shows are drawn in the next frame, and frames come with this clock.
    await page.clock.runFor(SECOND_MS);
    const sweep = page.getByRole('row', { name: /sweep-stale-jobs/ });
    assert.match(await textOf(sweep), /OK/);
    await pass((60 + healthOf().startGraceSeconds + 1) * SECOND_MS);
    await says(/^1 late$/);
    assert.match(await textOf(sweep), /Late ?due/);
    frozen = true;
    for (let minute = 0; minute < 3; minute += 1) {
      await pass(MINUTE_MS);
      await page.waitForTimeout(200);
    }
    await says(/^Cannot see how things stand: the last answer is \d min old$/);
    assert.doesNotMatch(await textOf(verdict), /should be/);
    assert.match(
      await textOf(page.getByRole('region', { name: 'Scheduled tasks' })),
      /Last good data: .*out of reach/,
    );
    assert.deepEqual(tab.wrong, []);
  });
});
