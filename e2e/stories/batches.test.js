import assert from 'node:assert/strict';
import { batch } from '../lib/batches.js';
import { assertContent, picture, withBrowser } from '../lib/browser.js';
import { activeTenant, atDashboard } from '../lib/dashboard.js';
import { onEachDatabase } from '../lib/databases.js';

withBrowser();

onEachDatabase('a batch is followed until what waits for it has run', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page, diquis, script } = scene;
  const main = page.getByRole('main');
  const tenant = await activeTenant(scene);
  await script.post('/api/job-queues/default/pause', { reason: 'To look at the batch' });
  await database.addBatch(diquis, 3, tenant.id);

  await page.goto('/hangfire/batches');
  await page.getByRole('link', { name: '3 jobs' }).click();
  await page.getByRole('heading', { name: 'Batch of 3 jobs' }).waitFor();
  await page.getByText('0 of 3').waitFor();
  await picture(page, `batch ${database.engine}`);
  await main.getByRole('listitem').filter({ hasText: 'Awaiting' }).getByRole('link').click();
  await main.getByRole('listitem').filter({ hasText: 'Processing batch' }).waitFor();
  await script.post('/api/job-queues/default/resume');
  await page.getByText(/^Done in /).waitFor();

  await main.getByRole('listitem').filter({ hasText: 'Succeeded batch' }).getByRole('link').click();
  await page.getByText('3 of 3').waitFor();
  await main.getByRole('listitem').filter({ hasText: 'Succeeded provision_tenant' }).waitFor();

  await page.getByRole('link', { name: 'All of this batch' }).click();
  await page.getByText('3 jobs', { exact: true }).waitFor();
  const found = await script.get(`/api/jobs?q=batch:${batch}`);
  assert.equal(found.body.items.length, 3);
  const shown = await script.get(`/api/jobs/${found.body.items[0].id}`);
  assert.equal(shown.body.batchProgress.state, 'Succeeded');
  const batchShown = await script.get(`/api/job-batches/${batch}`);
  const [{ id: last, kind, state }] = batchShown.body.children;
  assert.deepEqual([kind, state], ['provision_tenant', 'Succeeded']);
  const atTerminal = await diquis.run('jobs', 'show', last);
  assert.match(atTerminal.said, new RegExp(`continues  batch ${batch}  Succeeded`));
  const listed = await diquis.run('jobs', 'list', `batch:${batch}`);
  assert.equal(listed.said.trim().split('\n').length, 3, listed.said);
  assertContent(scene);
});
