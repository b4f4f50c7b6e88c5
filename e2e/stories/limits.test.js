import assert from 'node:assert/strict';
import { assertContent, withBrowser } from '../lib/browser.js';
import { activeTenant, atDashboard } from '../lib/dashboard.js';
import { onEachDatabase } from '../lib/databases.js';

withBrowser();

onEachDatabase('a limit that somebody else has changed is left alone', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page, script } = scene;
  await activeTenant(scene);
  // Live, it would show the other limit.
  await page.route('**/hangfire/events*', (route) => route.abort());

  await page.goto('/hangfire/queues/default');
  await page.getByText('Change the limit').click();
  await page.getByLabel('Jobs at once').fill('5');
  await script.send('PUT', '/api/job-limits/queue/default', { body: { atOnce: 3 } });
  await page.getByRole('button', { name: 'Set the limit' }).click();
  await page.getByRole('heading', { name: 'It has moved on' }).waitFor();

  await page.goto('/hangfire/queues/default');
  await page.getByText('Over all servers together: 3 at once.').waitFor();
  const { complaints } = scene;
  assert.ok(complaints.every((complaint) => complaint.includes('ERR_FAILED')));
});

onEachDatabase('a key is limited and its limit removed', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page } = scene;

  await page.goto('/hangfire/queues');
  await page.getByText('Limit a key').click();
  await page.getByLabel(/^Key, or/).fill('exports');
  await page.getByLabel('Jobs that begin').fill('30');
  await page.getByLabel('in each').selectOption('hour');
  await page.getByRole('button', { name: 'Set the limit' }).click();
  await page.getByRole('cell', { name: '30 an hour' }).waitFor();
  await page.getByRole('button', { name: 'Remove the limit of exports' }).click();
  await page.getByText('No key has a limit of its own').waitFor();
  assertContent(scene);
});

onEachDatabase('a recurring job is found by its name', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page } = scene;

  await page.goto('/hangfire/recurring');
  await page.getByRole('searchbox', { name: 'Id or kind contains' }).fill('weekly');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByText('No recurring job has “weekly” in its id or its kind.').waitFor();
  await page.getByRole('searchbox', { name: 'Id or kind contains' }).fill('expired');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByRole('link', { name: 'forget-expired' }).waitFor();
  assertContent(scene);
});
