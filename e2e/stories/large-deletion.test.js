import assert from 'node:assert/strict';
import { assertContent, withBrowser } from '../lib/browser.js';
import { atDashboard, withFailedJobs } from '../lib/dashboard.js';
import { onEachDatabase } from '../lib/databases.js';

const many = 10_001;
const all = 'state:failed kind:provision_tenant';

withBrowser();

onEachDatabase(
  'a large deletion begins for who says how many jobs it is, wherever they act',
  async (t, database) => {
    const scene = await atDashboard(t, database, { settings: { DIQUIS_WORKERS: '1' } });
    const { page, diquis, script } = scene;
    await withFailedJobs(scene, database, many);
    const asked = { command: 'delete', q: all, reason: 'A mistake' };
    const words = ['delete', '--all', all, '--reason', 'A mistake'];

    const overApi = await script.post('/api/job-operations', asked);
    const atTerminal = await diquis.run('jobs', ...words);
    const withLess = await diquis.run('jobs', ...words, '--expect', '9000');
    assert.equal(overApi.status, 409);
    assert.deepEqual(overApi.body.errors.expected, [`Say ${many} to go on.`]);
    for (const { isDone, said } of [atTerminal, withLess]) {
      assert.ok(!isDone);
      assert.match(said, /10001 jobs match, and nothing was changed; say --expect 10001/);
    }

    await page.goto('/hangfire/jobs/failed');
    await page.getByRole('link', { name: 'Delete all' }).click();
    await page.getByLabel('Why').fill('A mistake');
    await page.getByLabel('Type 10001 to confirm').fill('10000');
    const remove = page.getByRole('button', { name: 'Delete 10,001 jobs' });
    await remove.click();
    assert.ok(page.url().includes('/operations/new'), 'the browser wants the number');
    await page.getByLabel('Type 10001 to confirm').fill('10001');
    await remove.click();
    await page.getByText('Finished', { exact: true }).waitFor({ timeout: 60_000 });
    await page.getByText('10,001 of 10,001').waitFor();
    assert.equal((await database.countJobs(diquis)).Deleted, many);

    const nothingLeft = await diquis.run('jobs', ...words, '--yes');
    assert.ok(nothingLeft.isDone, nothingLeft.said);
    assertContent(scene);
  },
);
