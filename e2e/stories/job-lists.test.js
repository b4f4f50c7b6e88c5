import assert from 'node:assert/strict';
import { assertContent, withBrowser } from '../lib/browser.js';
import { atDashboard, withFailedJobs } from '../lib/dashboard.js';
import { onEachDatabase } from '../lib/databases.js';

withBrowser();

onEachDatabase('a long list is read to its end, page by page', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page } = scene;
  await withFailedJobs(scene, database, 45);
  const seen = new Set();

  await page.goto('/hangfire/jobs/failed');
  for (const rows of [20, 20, 5]) {
    const ids = await idsOn(page);
    assert.equal(ids.length, rows);
    for (const id of ids) seen.add(id);
    if (rows === 20) await follow(page, 'Older');
  }
  assert.equal(seen.size, 45, 'each job is on one page');
  assert.equal(await page.getByRole('link', { name: 'Older' }).count(), 0);

  await follow(page, 'First page');
  await follow(page, '50 rows on a page');
  assert.equal((await idsOn(page)).length, 45);
  assertContent(scene);
});

onEachDatabase('jobs between two attempts are ticked and triggered', async (t, database) => {
  const settings = { DIQUIS_RETRY_DELAYS: '1h' };
  const scene = await atDashboard(t, database, { settings });
  const { page, diquis, script } = scene;
  const repair = await database.breakProvisioning(diquis);
  const tenants = [];
  for (const name of ['Unlucky Lagoon', 'Unlucky Cove', 'Unlucky Bay']) {
    const { id } = await script.createTenant(name);
    await script.tenantThat('has failed', id, ({ status }) => status === 'Failed');
    tenants.push(id);
  }
  await repair();

  await page.goto('/hangfire/retries');
  for (const box of await page.getByRole('checkbox', { name: /^Tick provision_tenant/ }).all())
    await box.check();
  await page.getByRole('button', { name: 'Trigger 3 jobs' }).click();
  await page.getByText('3 jobs were triggered.').waitFor();

  for (const id of tenants) await script.activeTenant(id);
  await page.getByText('No job waits for another attempt.').waitFor();
  assertContent(scene);
});

onEachDatabase('a job is opened by its id, and found by how it begins', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page, script } = scene;
  const { id, jobId } = await script.createTenant('Quick Lagoon');
  await script.activeTenant(id);

  await search(page, jobId);
  await page.waitForURL(`**/hangfire/jobs/details/${jobId}`);
  await search(page, `args.tenant:${id} -state:failed created:<1h`);
  await page.getByText('1 job', { exact: true }).waitFor();
  await search(page, `id:${jobId.slice(0, 20)} kind:provision_tenant`);
  await page.getByRole('link', { name: 'provision_tenant' }).click();
  await page.waitForURL(`**/hangfire/jobs/details/${jobId}`);
  await search(page, '00000000-0000-0000-0000-000000000000');
  await page.getByText(/^There is no job with the id/).waitFor();
  assertContent(scene);
});

async function search(page, words) {
  await page.goto('/hangfire/jobs');
  await page.getByRole('searchbox', { name: 'Search' }).fill(words);
  await page.getByRole('button', { name: 'Show' }).click();
}

function idsOn(page) {
  return page.locator('tbody tr').evaluateAll((rows) => rows.map((row) => row.dataset.key));
}

async function follow(page, name) {
  const before = page.url();
  await page.getByRole('link', { name }).click();
  await page.waitForURL((url) => url.href !== before);
}
