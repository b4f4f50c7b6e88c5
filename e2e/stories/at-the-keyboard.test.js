import assert from 'node:assert/strict';
import { assertContent, withBrowser } from '../lib/browser.js';
import { atDashboard, withFailedJobs } from '../lib/dashboard.js';
import { onEachDatabase } from '../lib/databases.js';
import { lookAgain, lookAway } from '../lib/pages.js';

withBrowser();

onEachDatabase('jobs are found, ticked and requeued without a mouse', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page } = scene;
  const { keyboard } = page;
  await withFailedJobs(scene, database, 3);

  await page.goto('/hangfire');
  await keyboard.press('/');
  await keyboard.type('colour:red');
  await keyboard.press('Enter');
  await page.getByText('There is no “colour:” to search by.').waitFor();
  await keyboard.press('/');
  await keyboard.type('state:failed error:reached');
  await keyboard.press('Enter');
  await page.getByText('3 jobs', { exact: true }).waitFor();

  for (const key of ['j', 'x', 'j', 'x']) await keyboard.press(key);
  const requeue = page.getByRole('button', { name: 'Requeue 2 jobs' });
  await requeue.focus();
  await keyboard.press('Enter');
  await page.getByText('2 jobs were requeued.').waitFor();
  await page.getByText('1 job', { exact: true }).waitFor();
  await keyboard.press('j');
  await keyboard.press('Enter');
  await page.getByText('Given up after 1 attempt.').waitFor();

  await keyboard.press('g');
  await keyboard.press('s');
  await page.getByRole('heading', { name: 'Succeeded', level: 1 }).waitFor();
  await keyboard.press('l');
  await page.getByRole('button', { name: 'Paused', exact: true }).waitFor();
  await keyboard.press('l');
  await page.getByRole('button', { name: 'Live', exact: true }).waitFor();
  await keyboard.press('t');
  await page.locator('html[data-theme=light]').waitFor();
  await page.reload();
  await page.locator('html[data-theme=light]').waitFor();
  await keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await page.getByLabel('Listen to these keys').uncheck();
  await keyboard.press('Escape');
  await keyboard.press('g');
  await keyboard.press('o');
  assert.ok(page.url().endsWith('/succeeded'), 'the keys are switched off');
  assertContent(scene);
});

onEachDatabase('nothing is asked for while nobody looks', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page, script } = scene;
  await page.goto('/hangfire/jobs/succeeded');
  await page.getByRole('button', { name: 'Live', exact: true }).waitFor();

  await lookAway(page);
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  const tenant = await script.createTenant('Quiet Cove');
  await script.activeTenant(tenant.id);
  assert.deepEqual(asked, []);

  await lookAgain(page);
  await page.getByRole('link', { name: 'provision_tenant' }).waitFor();
  assert.ok(asked.some((url) => url.includes('/hangfire/events')));
  assertContent(scene);
});

// Chromium without a screen takes every page for one that is looked at.
