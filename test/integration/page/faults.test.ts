import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { HOUR_MS, MINUTE_MS } from '../../../functions/shared/dates.ts';
import { openBrowser } from '../../../scripts/shared/chromium.ts';
import { NEEDS_BROWSER_AND_SOAK, openTab, type Tab, textOf } from '../../support/page/browser.ts';
import { goodWorld, troubledWorld } from '../../support/page/fixtures.ts';
import { openSite, type Site } from '../../support/page/site.ts';

/** What the browser itself says of an answer that a test has made fail. */
const ON_PURPOSE = /Failed to load resource/;

describe('the page while something fails', NEEDS_BROWSER_AND_SOAK, () => {
  let browser: Browser;
  let site: Site;
  let tab: Tab;
  let page: Page;
  /** The time of the service and of the browser, which move together. */
  let nowMs: number;

  const refresh = async () => {
    const before = site.asked.length;
    await page.getByRole('button', { name: 'Refresh' }).click();
    await assertSoon(() => site.asked.length >= before + 3);
    await page.waitForTimeout(150);
  };
  const panel = (name: string) => page.getByRole('region', { name, exact: true });
  const pass = async (ms: number) => {
    nowMs += ms;
    await page.clock.runFor(ms);
    await page.waitForTimeout(100);
  };
  const open = async (world = troubledWorld(new Date(nowMs)), browserMs = nowMs) => {
    site.world = world;
    tab = await openTab(browser, site.url, { expected: ON_PURPOSE, time: new Date(browserMs) });
    page = tab.page;
    await page.waitForTimeout(300);
    await pass(100);
  };

  before(async () => {
    nowMs = Date.now();
    site = await openSite(troubledWorld(new Date(nowMs)), () => new Date(nowMs));
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
    await site.stop();
  });
  beforeEach(() => {
    site.faults = [];
    site.asked.length = 0;
  });
  afterEach(async () => {
    await tab.close();
    assert.deepEqual(tab.wrong, []);
  });

  test('keeps the rows of a panel that is answered 503, says so with their age, and leaves the others alone', async () => {
    await open();
    site.faults = [{ path: '/api/jobs', status: 503 }];
    await refresh();
    assert.equal(await panel('Jobs, record beside truth').getByRole('rowheader').count(), 8);
    const stale = panel('Jobs, record beside truth').locator('.fresh');
    assert.match(
      await textOf(stale),
      /Last good data: Firestore does not answer \(HTTP 503\), 1 try\. As of 3 s ago/,
    );
    await pass(2_000);
    assert.match(await textOf(stale), /As of 5 s ago/);
    assert.doesNotMatch(await textOf(panel('Scheduled tasks')), /Last good data/);
    site.faults = [];
    await stale.getByRole('button', { name: 'Retry' }).click();
    await panel('Jobs, record beside truth').getByText('Last good data').waitFor({ state: 'detached' });
  });

  test('is never blank and never green where nothing answers', async () => {
    site.faults = [{ path: '/api', status: 503 }];
    await open();
    assert.equal(await textOf(page.getByRole('status')), 'Cannot see how things stand');
    assert.match(await page.title(), /^Cannot see how things stand/);
    assert.equal(await page.getByText('Could not load').count(), 5);
    assert.equal(await page.locator('.hero.good').count(), 0);
  });

  test('says that it cannot see, a minute after the last answer', async () => {
    await open(goodWorld(new Date(nowMs)));
    assert.equal(await textOf(page.getByRole('status')), 'Everything is as it should be');
    site.faults = [{ path: '/api/status', status: 503 }];
    await pass(2 * MINUTE_MS);
    assert.match(
      await textOf(page.getByRole('status')),
      /^Cannot see how things stand: the last answer is \d min old/,
    );
    assert.equal(await page.locator('.hero.good').count(), 0);
  });

  test('turns a badge late on the second, while the service is down', async () => {
    await open(goodWorld(new Date(nowMs)));
    site.faults = [{ path: '/api', status: 503 }];
    const row = panel('Scheduled tasks').getByRole('row', { name: /observe-workloads/ });
    assert.match(await textOf(row), /OK/);
    await pass(15 * MINUTE_MS);
    assert.match(await textOf(row), /Late/);
  });

  test('says that an answer cannot be read', async () => {
    await open();
    site.faults = [{ path: '/api/days', body: '<html>' }];
    await refresh();
    assert.match(await textOf(panel('Last 30 days')), /Last good data: The answer cannot be read/);
  });

  test('shows nothing any more to a viewer who may not see it', async () => {
    await open();
    site.faults = [{ path: '/api/status', status: 401 }];
    await refresh();
    assert.match(await textOf(panel('Scheduled tasks')), /You may not see this/);
    assert.equal(await panel('Scheduled tasks').getByRole('rowheader').count(), 0);
  });

  test('gives up on an answer that takes too long, and drops it when it comes', async () => {
    site.faults = [{ path: '/api/status', delayMs: 2_000 }];
    await open();
    await pass(9_000);
    await page.getByText('Could not load: no answer within 8 s').first().waitFor();
  });

  test('asks nothing while paused or hidden, and at once when seen again', async () => {
    await open();
    await page.getByRole('button', { name: 'Pause' }).click();
    const paused = await atRest(() => site.asked.length);
    await pass(5 * MINUTE_MS);
    assert.equal(site.asked.length, paused);
    assert.ok(await page.getByText('Paused at').isVisible());
    await page.getByRole('button', { name: 'Pause' }).click();
    await assertSoon(() => site.asked.length >= paused + 3);
    const turn = (state: string) =>
      page.evaluate(`
        Object.defineProperty(document, 'visibilityState', { get: () => '${state}', configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));`);
    await turn('hidden');
    const hidden = await atRest(() => site.asked.length);
    await pass(5 * MINUTE_MS);
    assert.equal(site.asked.length, hidden);
    await turn('visible');
    await assertSoon(() => site.asked.length >= hidden + 3);
  });

  test('goes by the clock of the service, not by that of the device', async () => {
    await open(troubledWorld(new Date(nowMs)), nowMs - 3 * HOUR_MS);
    await pass(1_000);
    assert.match(await textOf(panel('Scheduled tasks').locator('.fresh')), /As of [2-5] s ago/);
    assert.match(await textOf(panel('Needs attention')), /due 12 min ago/);
  });
});

/** A count, once all that was under way has arrived. */
async function atRest(count: () => number): Promise<number> {
  let before = -1;
  while (before !== count()) {
    before = count();
    await sleep(200);
  }
  return before;
}

async function assertSoon(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !holds(); tries += 1) await sleep(50);
  assert.ok(holds());
}
