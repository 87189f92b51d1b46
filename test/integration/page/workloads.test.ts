import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { MINUTE_MS, SECOND_MS } from '../../../functions/shared/dates.ts';
import { REFRESH } from '../../../functions/status/api/endpoints.ts';
import { openBrowser } from '../../../scripts/shared/chromium.ts';
import { countOf, NEEDS_BROWSER, openTab, overflowOf, type Tab, textOf } from '../../support/page/browser.ts';
import { hostileWorld, troubledWorld, type World } from '../../support/page/fixtures.ts';
import { openSite, type Site } from '../../support/page/site.ts';
import { noWorkloads } from '../../support/page/workloads.ts';

const TITLE = 'Workloads on the platform';

describe('the workloads on the page', NEEDS_BROWSER, () => {
  let browser: Browser;
  let site: Site;
  let tab: Tab;
  let page: Page;
  /** The time of the service and of the browser, which move together. */
  let nowMs: number;

  const panel = () => page.getByRole('region', { name: TITLE });
  const row = (name: string) => panel().getByRole('row').filter({ hasText: name });
  const pass = async (ms: number) => {
    nowMs += ms;
    await page.clock.runFor(ms);
  };
  /** Asks for everything at once, which is answered from `world`. */
  const answer = async (world: World, shown: () => Promise<unknown>) => {
    site.world = world;
    await page.getByRole('button', { name: 'Refresh' }).click();
    await shown();
  };

  before(async () => {
    nowMs = Date.now();
    const world = troubledWorld(new Date(nowMs));
    [browser, site] = await Promise.all([openBrowser(), openSite(world, () => new Date(nowMs))]);
    tab = await openTab(browser, site.url, { time: new Date(nowMs), expected: /Failed to load resource/ });
    page = tab.page;
    page.setDefaultTimeout(10_000);
    await page.locator('#workloads-title').waitFor();
    await pass(100);
    await row('train-vision').waitFor();
  });
  after(async () => {
    await browser.close();
    await site.stop();
  });
  beforeEach(() => {
    site.faults = [];
  });

  test('are told with state, region, duration, reason and a link; one of our jobs links to its drawer', async () => {
    assert.match(await textOf(row('agent-n3c6z')), /failedus-central11 h 00 min 00 sended 60 min ago429 The/);
    assert.match(await textOf(row('agent-n3c6z')), /quotaConsole of agent-n3c6z/);
    assert.match(await textOf(row('agent-w1t4y')), /log not read: 403 logging\.logEntries\.list/);
    await row('agent-h8s5w').locator('.stale', { hasText: 'Completed: 0 jobs' }).waitFor();
    assert.equal(await row('agent-lt2pd').locator('.stale').count(), 0);
    assert.match(
      await textOf(panel()),
      /Runner1 running1 queued2 completed6 failed3 regions, as of 20 s ago/,
    );
    assert.match(await textOf(panel()), /Builds3 regions, as of 20 s agoNone right now\./);
    assert.match(
      await textOf(row('noble-ember-11')),
      /failedcrashedacme\/vision.*crashed: CUDA out of memory \(Vertex\)oomW&B of noble-ember-11/,
    );
    assert.match(await textOf(row('silent-moss-40')), /runningacme\/vision.*silent for 4 min/);
    assert.match(await textOf(panel()), /W&B active1 running1 project, as of 20 s agoWorkloadStatusProject/);
    const linkOf = (name: string) => row(name).getByRole('link', { name, exact: true }).getAttribute('href');
    assert.equal(await linkOf('train-vision'), './#job=training%2Fjob-1005');
    // It has ended, and is in no list that the page has loaded.
    assert.equal(await linkOf('agent-lt2pd'), './#job=agents%2Fnight-12');
    assert.match(await textOf(row('agent-lt2pd')), /job night-12/);
    assert.equal(await row('train-speech').getByRole('rowheader').getByRole('link').count(), 0);
  });

  test('say what is being fetched, which region gives no answer, and how old each region is', async () => {
    const words = await textOf(panel());
    assert.match(
      words,
      /Fetching for 6 s: 9 of 10 calls answered\.Waits for vertex: customJobs\.list \(us-east4\), at connection, 5 s/,
    );
    assert.match(
      words,
      /us-east4: no answer for 9 min; last seen 10 min ago: no answer within 15 s, at connection/,
    );
    const summary = panel().getByText('Age of each region of Vertex AI');
    await summary.focus();
    await page.keyboard.press('Enter');
    await countOf(panel().locator('.regions li'), 3);
    await page.keyboard.press('Enter');
    await countOf(panel().locator('.regions li'), 0);
    const rows = panel().getByRole('table', { name: 'Runner' }).getByRole('rowheader');
    await countOf(rows, 8);
    await panel().getByRole('button', { name: 'Show all 10 of Runner' }).press('Enter');
    await countOf(rows, 10);
  });

  test('tick each second by the clock of the service, but not in a region without an answer', async () => {
    const [ticks, stands] = [row('agent-q7x2k'), row('train-speech')];
    assert.match(await textOf(ticks), /12 min 05 s/);
    await pass(3 * SECOND_MS);
    assert.match(await textOf(ticks), /12 min 08 s/);
    assert.match(await textOf(stands), /as of 10 min agoat least 50 min 00 s/);
  });

  test('stay with their age when nothing answers, and are not known any more once that is old', async () => {
    site.faults = [{ path: '/api/workloads', status: 503 }];
    await page.getByRole('button', { name: 'Refresh' }).click();
    await panel().getByText('Last good data: Firestore does not answer (HTTP 503)').waitFor();
    assert.match(await textOf(row('agent-q7x2k')), /running/);
    nowMs += 16 * MINUTE_MS;
    await page.clock.fastForward(16 * MINUTE_MS);
    await row('agent-q7x2k').getByText('was running when last seen').waitFor();
    assert.match(await textOf(row('agent-q7x2k')), /unknown.*at least 11 min 45 s/);
    assert.match(await textOf(row('agent-n3c6z')), /failed/);
  });

  test('are refreshed while they are looked at, twice a minute; and say why where nobody does that', async () => {
    site.faults = [];
    const refreshes = () => site.asked.filter((path) => path === REFRESH.path).length;
    await pass(MINUTE_MS);
    const before = refreshes();
    assert.ok(before > 0);
    for (let seconds = 0; seconds < 90; seconds += 10) await pass(10 * SECOND_MS);
    const more = refreshes() - before;
    assert.ok(more >= 2 && more <= 4, String(more));
    site.faults = [{ path: REFRESH.path, status: 503 }];
    await page.getByRole('button', { name: 'Refresh' }).click();
    await panel().getByText('What is shown is as old as it says.').waitFor();
  });

  test('are not asked for while the page is paused', async () => {
    await page.getByRole('button', { name: 'Pause' }).click();
    const asked = site.asked.length;
    await pass(MINUTE_MS);
    assert.equal(site.asked.length, asked);
    await page.getByRole('button', { name: 'Pause' }).click();
  });

  test('say what cannot be read, and are not there where the settings name none', async () => {
    const world = troubledWorld(new Date(nowMs));
    const [builds] = world.workloads.tables;
    const body = JSON.stringify({
      data: { tables: [{ ...builds, regions: [] }], refresh: null },
      page: { after: null, limit: null },
      problems: [{ path: 'nightshift/workloads/builds', message: 'rows: expected array' }],
    });
    site.faults = [{ path: '/api/workloads', body }];
    await answer(world, () => panel().getByText('Its record cannot be read: rows: expected array').waitFor());
    assert.doesNotMatch(await textOf(panel()), /None/);
    site.faults = [];
    await answer({ ...world, workloads: noWorkloads() }, () => panel().waitFor({ state: 'detached' }));
  });

  test('show names that would do harm as text, and never make the page wider than its window', async () => {
    await answer(hostileWorld(new Date(nowMs)), () => panel().getByText('<img src=x').first().waitFor());
    for (const width of [320, 360, 768, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      assert.equal(await overflowOf(page), 0, `${width} px`);
    }
    assert.equal(await page.locator('img').count(), 0);
    assert.equal(await panel().locator('a').count(), 0);
  });

  test('asked nothing of anyone else, and neither the console nor its policy complained', () => {
    assert.deepEqual(tab.wrong, []);
  });
});
