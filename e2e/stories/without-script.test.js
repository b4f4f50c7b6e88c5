import assert from 'node:assert/strict';
import { assertContent, withBrowser } from '../lib/browser.js';
import { atDashboard, withFailedJobs } from '../lib/dashboard.js';
import { onEachDatabase } from '../lib/databases.js';

withBrowser();

onEachDatabase('everything on the dashboard is done without a script', async (t, database) => {
  const scene = await atDashboard(t, database, { javaScriptEnabled: false });
  const { page } = scene;
  await withFailedJobs(scene, database, 4);

  await page.goto('/hangfire');
  await page.getByText('4 jobs were given up and wait for your decision.').waitFor();
  await page.getByRole('link', { name: 'day', exact: true }).click();
  await page.locator('.periods [aria-current]').filter({ hasText: 'day' }).waitFor();
  await page.getByRole('link', { name: 'Failed jobs' }).click();
  await page
    .getByRole('button', { name: /^Requeue provision_tenant/ })
    .first()
    .click();
  await page.getByText('The job was requeued.').waitFor();
  await page.getByRole('checkbox').nth(0).check();
  await page.getByRole('checkbox').nth(1).check();
  await page.getByRole('button', { name: 'Delete ticked' }).click();
  await page.getByRole('button', { name: 'Delete 2 jobs' }).click();
  await page.getByText('2 jobs were deleted.').waitFor();

  await page.getByRole('searchbox', { name: 'Search' }).fill('error:reached');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByRole('link', { name: 'Requeue all' }).click();
  await page.getByLabel('Why').fill('The database is back');
  await page.getByRole('button', { name: 'Requeue 1 job' }).click();
  await page.getByRole('heading', { name: 'Requeue 1 job' }).waitFor();

  await page.goto('/hangfire/queues');
  await limitKey(page, 'exports', '2');
  await page.getByRole('cell', { name: '2 at once' }).waitFor();
  await page.getByRole('button', { name: 'Remove the limit of exports' }).click();
  await page.getByText('The limit was removed.').waitFor();
  await page.getByRole('link', { name: 'default' }).click();
  await page.getByLabel('Reason for the pause').fill('The provider is down');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('The queue is paused.').waitFor();
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByText('The queue goes on.').waitFor();

  await page.getByRole('link', { name: 'Recurring jobs' }).click();
  await page.getByRole('button', { name: 'Run forget-expired now' }).click();
  await page.getByText('A run was enqueued.').waitFor();
  await page.getByRole('button', { name: 'Colours: dark' }).click();
  await page.locator('html[data-theme=dark]').waitFor();

  await page.getByRole('link', { name: 'Audit log' }).click();
  await page.getByRole('cell', { name: 'The database is back' }).waitFor();
  const exported = await page.request.get('/hangfire/audit/audit.csv');
  assert.match(await exported.text(), /"ada@diquis.test","pause queue","default"/);
  assertContent(scene);
});

async function limitKey(page, key, atOnce) {
  await page.getByText('Limit a key').click();
  await page.getByLabel(/^Key, or/).fill(key);
  await page.getByLabel('Jobs at once').fill(atOnce);
  await page.getByRole('button', { name: 'Set the limit' }).click();
}
