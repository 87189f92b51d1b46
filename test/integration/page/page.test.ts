import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import { openBrowser } from '../../../scripts/shared/chromium.ts';
import { barriers, countOf, NEEDS_BROWSER, openTab, type Tab, textOf } from '../../support/page/browser.ts';
import { troubledWorld } from '../../support/page/fixtures.ts';
import { openSite, type Site } from '../../support/page/site.ts';

describe('the page in a browser', NEEDS_BROWSER, () => {
  let browser: Browser;
  let site: Site;
  let tab: Tab;
  let rows: Locator;

  before(async () => {
    [browser, site] = await Promise.all([openBrowser(), openSite(troubledWorld(new Date()))]);
    tab = await openTab(browser, site.url);
    rows = tab.page.getByRole('table', { name: 'Scheduled tasks' }).getByRole('rowheader').getByRole('link');
    await rows.first().waitFor();
  });
  after(async () => {
    await browser.close();
    await site.stop();
  });

  test('asks for the tasks first, and says on top and in the title how everything stands', async () => {
    assert.equal(site.asked[0], '/api/status');
    const verdict = '1 failing, 1 late, 1 degraded, 1 alarm';
    assert.equal(await textOf(tab.page.getByRole('status')), verdict);
    assert.equal(await tab.page.title(), `${verdict} - Nightshift`);
  });

  test('lists what wants a person with its reason, its age and the command to copy; what is muted is folded away', async () => {
    const cards = tab.page
      .getByRole('region', { name: 'Needs attention' })
      .locator('ul')
      .first()
      .locator('li');
    const texts = (await cards.allTextContents()).map((text) => text.replaceAll(/\s+/g, ' '));
    assert.equal(texts.length, 4);
    assert.match(texts[0] ?? '', /^Criticalcleanup-artifacts failing for 2 d 2 h3 runs in a row failed/);
    assert.match(texts[0] ?? '', /npm run -s ops -- run cleanup-artifactsCopy/);
    assert.match(texts[1] ?? '', /^Lateobserve-workloads late for 12 min.*due 12 min ago, grace 300 s/);
    assert.ok(await tab.page.getByText('1 muted').isVisible());
  });

  test('sorts by a column, the other way round at the second click, and keeps it in the address', async () => {
    const header = tab.page.getByRole('columnheader', { name: 'Task' });
    const sort = header.getByRole('button');
    const byBadge = await rows.allTextContents();
    assert.equal(byBadge[0], 'cleanup-artifacts');
    await sort.click();
    await sort.click();
    assert.deepEqual(await rows.allTextContents(), byBadge.toSorted().reverse());
    assert.equal(await header.getAttribute('aria-sort'), 'descending');
    assert.equal(new URL(tab.page.url()).search, '?sort=-task');
    await tab.page.getByRole('columnheader', { name: 'Status' }).getByRole('button').click();
  });

  test('finds by name and by state, and keeps both in the address', async () => {
    const find = tab.page.getByRole('region', { name: 'Scheduled tasks' }).getByRole('searchbox');
    await find.fill('metrics');
    assert.deepEqual(await rows.allTextContents(), ['collect-metrics']);
    await find.fill('');
    const chip = tab.page.getByRole('button', { name: 'Failing 1' });
    await chip.click();
    assert.deepEqual(await rows.allTextContents(), ['cleanup-artifacts']);
    assert.equal(await chip.getAttribute('aria-pressed'), 'true');
    assert.equal(new URL(tab.page.url()).searchParams.get('state'), 'failing');
    await chip.click();
    await countOf(rows, 5);
  });

  test('shows only the jobs whose record differs from the truth, when asked to', async () => {
    const jobs = tab.page.getByRole('table', { name: 'Jobs, record beside truth' }).getByRole('rowheader');
    const chip = tab.page.getByRole('button', { name: 'Only where they differ' });
    assert.equal(await jobs.count(), 8);
    await chip.click();
    await countOf(jobs, 2);
    assert.ok(await tab.page.getByText('The record says running, Vertex AI says cancelled').isVisible());
    await chip.click();
    await countOf(jobs, 8);
  });

  test('shows more jobs page by page, finds among those that are loaded, and says that there are more', async () => {
    const { page } = tab;
    const { jobs } = site.world;
    const many = Array.from({ length: 120 }, (_, index) =>
      Object.assign({}, jobs[index % 8], { id: `job-${index}`, source: index % 2 ? 'etl' : 'training' }),
    );
    Object.assign(site.world, { jobs: many });
    await page.getByRole('button', { name: 'Refresh' }).click();
    const panel = page.getByRole('region', { name: 'Jobs, record beside truth' });
    const rows = panel.getByRole('rowheader');
    await countOf(rows, 50);
    await panel.getByText('50 shown; there are more').waitFor();
    await panel.getByRole('searchbox').fill('job-49');
    await panel.getByText('1 of 50 loaded jobs shown; there are more').waitFor();
    await panel.getByRole('searchbox').fill('');
    await panel.getByRole('button', { name: 'Show more' }).click();
    await countOf(rows, 100);
    await panel.getByRole('button', { name: 'Show more' }).click();
    await countOf(rows, 120);
    assert.equal(await panel.getByText('there are more').count(), 0);
    await panel.getByRole('button', { name: 'Job', exact: true }).click();
    assert.equal(await rows.getByRole('link').first().textContent(), 'job-0');
    await panel.getByRole('button', { name: 'Only where they differ' }).click();
    await countOf(rows, 30);
    Object.assign(site.world, { jobs: many.slice(0, 3) });
    await panel.getByRole('button', { name: 'Only where they differ' }).click();
    await countOf(rows, 3);
    Object.assign(site.world, { jobs });
    await page.getByRole('button', { name: 'Refresh' }).click();
    await countOf(rows, 8);
    assert.equal(await panel.locator('.more').count(), 0);
  });

  test('opens all about a task by Enter, with its stack and its runs by pages; Escape gives the focus back', async () => {
    const { page } = tab;
    await rows.first().focus();
    await page.keyboard.press('Enter');
    const drawer = page.getByRole('dialog', { name: 'cleanup-artifacts' });
    await drawer.getByText('functions/shared/cloud/storage/objects.ts:88').waitFor();
    assert.equal(new URL(page.url()).hash, '#task=cleanup-artifacts');
    const runs = drawer.getByRole('region', { name: 'Runs of cleanup-artifacts' }).locator('tbody tr');
    await countOf(runs, 25);
    await drawer.getByRole('button', { name: 'Older' }).click();
    await drawer.getByRole('button', { name: 'Newer', disabled: false }).waitFor();
    await drawer.getByRole('button', { name: 'Older' }).click();
    await countOf(runs, 10);
    await drawer.getByLabel('Show').selectOption('failed');
    await countOf(runs, 2);
    assert.deepEqual(await barriers(page), []);
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'hidden' });
    assert.equal(new URL(page.url()).hash, '');
    assert.equal(await textOf(page.locator(':focus')), 'cleanup-artifacts');
  });

  test('says that it could not load its rest, and loads it when a name is followed', async () => {
    const { page, wrong, close } = await openTab(browser, site.url, {
      expected: /Failed to load resource|net::ERR_FAILED/,
      blocked: '**/assets/rest-*.js',
    });
    await page.getByRole('alert').getByText('could not be loaded').waitFor();
    const name = page.getByRole('table', { name: 'Scheduled tasks' }).getByRole('link').first();
    await name.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'cleanup-artifacts' }).waitFor();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    assert.equal(await textOf(page.locator(':focus')), 'cleanup-artifacts');
    await close();
    assert.deepEqual(wrong, []);
  });

  test('puts no barrier before anyone, by the rules of axe', async () => {
    assert.deepEqual(await barriers(tab.page), []);
  });

  test('asked nothing of anyone else, and neither the console nor its policy complained', () => {
    assert.deepEqual(tab.wrong, []);
  });
});
