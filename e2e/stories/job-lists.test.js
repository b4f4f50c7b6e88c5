import assert from 'node:assert/strict';
import { assertContent, withBrowser } from '../lib/browser.js';
import { activeTenant, atDashboard, withFailedJobs } from '../lib/dashboard.js';
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

onEachDatabase('jobs are found by queue, tenant, tags and time', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page, diquis } = scene;
  const { id } = await activeTenant(scene);
  const add = (job) => database.addJob(diquis, id, job);
  // No server takes from these queues, so that the jobs stay where they are.
  const letter = await add({ queue: 'letters', owner: 'acme', tags: ['vip', 'late'] });
  const report = await add({ queue: 'reports', owner: 'acme' });
  const other = await add({ queue: 'reports', owner: 'acme & co', tags: ['viper'] });
  await database.backdate(diquis, other, 3);

  for (const [words, ...found] of [
    ['queue:reports', report, other],
    ['queue:letters,reports', letter, report, other],
    ['queue:report'],
    ['tenant:acme', letter, report],
    ['tenant:"acme & co"', other],
    ['-tenant:acme queue:reports', other],
    ['tag:vip', letter],
    ['tag:late,viper', letter, other],
    ['queue:reports -tag:viper', report],
    ['state:enqueued changed:<2d', letter, report],
    ['state:enqueued changed:>2d', other],
    [`changed:${dayBefore(4)}..${dayBefore(2)}`, other],
    [`state:enqueued changed:>=${dayBefore(1)}`, letter, report],
  ]) {
    await search(page, words);
    await assertFound(page, words, found);
  }
  assertContent(scene);
});

onEachDatabase('jobs of a queue are chosen, and lead to others like them', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page, diquis } = scene;
  const main = page.getByRole('main');
  const { id } = await activeTenant(scene);
  const add = (job) => database.addJob(diquis, id, job);
  const letter = await add({ queue: 'letters', owner: 'acme', tags: ['vip'] });
  const report = await add({ queue: 'reports', owner: 'acme' });
  const other = await add({ queue: 'reports', owner: 'acme & co', tags: ['vip'] });

  await page.goto('/hangfire/jobs/enqueued');
  await page.getByLabel('Queue').selectOption('reports');
  await show(page);
  await assertFound(page, 'the queue reports', [report, other]);
  await search(page, 'tag:vip', '/hangfire/jobs/enqueued?queue=reports');
  await assertFound(page, 'what is tagged in the queue', [other]);

  await page.goto(`/hangfire/jobs/details/${other}`);
  await main.getByRole('link', { name: 'vip', exact: true }).click();
  await assertFound(page, 'with the same tag', [letter, other]);
  await page.goto(`/hangfire/jobs/details/${other}`);
  await main.getByRole('link', { name: 'acme & co', exact: true }).click();
  await assertFound(page, 'of the same tenant', [other]);
  assertContent(scene);
});

onEachDatabase('all scheduled jobs that match are triggered', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page, diquis } = scene;
  const { id } = await activeTenant(scene);
  const evening = { dueIn: 7200, tags: ['evening'] };
  const triggered = [];
  for (let n = 0; n < 3; n++) triggered.push(await database.addJob(diquis, id, evening));
  await database.addJob(diquis, id, { dueIn: 7200, tags: ['night'] });

  await search(page, 'tag:evening', '/hangfire/jobs/scheduled');
  await page.getByRole('link', { name: 'Trigger all' }).click();
  await page.getByRole('heading', { name: 'Trigger 3 jobs?' }).waitFor();
  await page.getByLabel('Why').fill('The evening begins early');
  await page.getByRole('button', { name: 'Trigger 3 jobs' }).click();
  await page.getByRole('heading', { name: 'Trigger 3 jobs', exact: true }).waitFor();
  await page.getByText('Finished', { exact: true }).waitFor();
  await page.getByText('3 of 3').waitFor();

  await page.goto('/hangfire/jobs/succeeded?q=tag%3Aevening');
  await assertFound(page, 'those that match have run', triggered);
  await page.goto(`/hangfire/jobs/details/${triggered[0]}`);
  const told = 'Triggered by ada@diquis.test on the dashboard: The evening begins early';
  await page.getByText(told).waitFor();
  const { Scheduled } = await database.countJobs(diquis);
  assert.equal(Scheduled, 1, 'the other one waits for its time');
  assertContent(scene);
});

async function search(page, words, path = '/hangfire/jobs') {
  await page.goto(path);
  await page.getByRole('searchbox', { name: 'Search' }).fill(words);
  await show(page);
}

async function show(page) {
  const before = page.url();
  await page.getByRole('button', { name: 'Show' }).click();
  await page.waitForURL((url) => url.href !== before);
}

/** The list has these jobs and no others. */
async function assertFound(page, what, ids) {
  const total = ids.length === 1 ? '1 job' : `${ids.length} jobs`;
  await page
    .getByText(ids.length === 0 ? 'No job here matches.' : total, { exact: true })
    .waitFor();
  assert.deepEqual((await idsOn(page)).sort(), ids.toSorted(), what);
}

/** The day of UTC so many days ago. */
function dayBefore(days) {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
}

function idsOn(page) {
  return page.locator('tbody tr').evaluateAll((rows) => rows.map((row) => row.dataset.key));
}

async function follow(page, name) {
  const before = page.url();
  await page.getByRole('link', { name }).click();
  await page.waitForURL((url) => url.href !== before);
}
