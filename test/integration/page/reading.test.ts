import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from '../../../scripts/shared/chromium.ts';
import { countOf, NEEDS_BROWSER_AND_SOAK, openTab, overflowOf, textOf } from '../../support/page/browser.ts';
import { goodWorld, hostileWorld, troubledWorld } from '../../support/page/fixtures.ts';
import { openSite, type Site } from '../../support/page/site.ts';

describe('the page under a reader', NEEDS_BROWSER_AND_SOAK, () => {
  let browser: Browser;
  let site: Site;
  let nowMs: number;

  const tasksOf = (page: Page) =>
    page.getByRole('table', { name: 'Scheduled tasks' }).getByRole('rowheader').getByRole('link');
  const pass = async (page: Page, ms: number) => {
    nowMs += ms;
    await page.clock.runFor(ms);
    await page.waitForTimeout(100);
  };

  /** Opens the page, with all of its rows on it. */
  const open = async () => {
    const tab = await openTab(browser, site.url, { time: new Date(nowMs) });
    await tasksOf(tab.page).first().waitFor();
    await pass(tab.page, 100);
    await countOf(tasksOf(tab.page), 5);
    return tab;
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

  test('keeps focus, scroll and selection through five polls that change the data', async () => {
    const { page, wrong, close } = await open();
    await tasksOf(page).nth(2).focus();
    const place = '({ top: scrollY, selected: String(getSelection()) })';
    await page.evaluate(
      "scrollTo(0, 500); getSelection().selectAllChildren(document.querySelector('#jobs-title'))",
    );
    const before = await page.evaluate(place);
    for (let poll = 0; poll < 5; poll += 1) {
      site.world = troubledWorld(new Date(nowMs + 60_000 * poll));
      await pass(page, 6_500);
    }
    assert.deepEqual(await page.evaluate(place), before);
    assert.equal(await textOf(page.locator(':focus')), 'collect-metrics');
    await close();
    assert.deepEqual(wrong, []);
  });

  test('moves no row while the focus is among them, and says that the order has changed', async () => {
    site.world = troubledWorld(new Date(nowMs));
    const { page, close } = await open();
    const before = await tasksOf(page).allTextContents();
    await tasksOf(page).nth(1).focus();
    site.world = goodWorld(new Date(nowMs));
    await pass(page, 6_500);
    await page.getByText('The order has changed').waitFor();
    assert.deepEqual(await tasksOf(page).allTextContents(), before);
    assert.equal(await textOf(page.locator(':focus')), before[1]);
    await page.getByRole('button', { name: 'Refresh' }).focus();
    await page.getByText('The order has changed').waitFor({ state: 'detached' });
    assert.notDeepEqual(await tasksOf(page).allTextContents(), before);
    await close();
  });

  test('changes only texts and times while the data are the same', async () => {
    site.world = troubledWorld(new Date(nowMs));
    const { page, close } = await open();
    await page.getByRole('link', { name: 'job-1005' }).waitFor();
    await page.evaluate(`
      globalThis.seen = [];
      new MutationObserver((records) => {
        for (const { type, target } of records)
          if (type !== 'characterData') seen.push(type + ' of ' + target.nodeName);
      }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });`);
    // In steps, or an answer would be given up before it had any time to come.
    for (let step = 0; step < 10; step += 1) await pass(page, 2_000);
    const seen = await page.evaluate<string[]>('seen');
    assert.deepEqual(
      [...new Set(seen)].filter((what) => what !== 'attributes of TIME'),
      [],
    );
    await close();
  });

  test('shows names that would do harm as text, and never becomes wider than its window', async () => {
    site.world = hostileWorld(new Date(nowMs));
    for (const width of [320, 360, 768, 1280]) {
      const viewport = { width, height: 800 };
      const { page, wrong, close } = await openTab(browser, site.url, { viewport, time: new Date(nowMs) });
      await tasksOf(page).first().waitFor();
      assert.equal(await page.locator('img').count(), 0);
      assert.doesNotMatch(await page.title(), /owned/);
      assert.ok(await page.getByText('<img src=x onerror').first().isVisible());
      assert.equal(await overflowOf(page), 0, `${width} px`);
      await tasksOf(page).first().click();
      await page.getByRole('dialog').waitFor();
      assert.ok((await page.evaluate<number>("document.querySelector('dialog').scrollWidth")) <= width);
      await close();
      assert.deepEqual(wrong, []);
    }
  });
});
