import assert from 'node:assert/strict';
import { assertContent, picture, withBrowser } from '../lib/browser.js';
import { atDashboard, withFailedJobs } from '../lib/dashboard.js';
import { onEachDatabase } from '../lib/databases.js';

withBrowser();

onEachDatabase('a whole group of errors is deleted, and the others stay', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page, diquis } = scene;
  const tenant = await withFailedJobs(scene, database, 3);
  await database.failJobs(diquis, 2, tenant.id, 'the disk is full');

  await page.goto('/hangfire/errors');
  await picture(page, `two groups of errors ${database.engine}`);
  const full = page.getByRole('listitem').filter({ hasText: 'the disk is full' });
  await full.getByRole('link', { name: 'Delete 2 jobs' }).click();
  await page.getByRole('heading', { name: 'Delete 2 jobs?' }).waitFor();
  await page.getByLabel('Why').fill('These tenants are gone');
  await page.getByRole('button', { name: 'Delete 2 jobs' }).click();
  await page.getByText('Finished', { exact: true }).waitFor();

  await page.goto('/hangfire/errors');
  await page.getByRole('link', { name: 'Requeue 3 jobs' }).waitFor();
  assert.equal(await page.getByText('the disk is full').count(), 0, 'the group is gone');
  const { Failed, Deleted } = await database.countJobs(diquis);
  assert.deepEqual({ Failed, Deleted }, { Failed: 3, Deleted: 2 });
  await page.goto('/hangfire/jobs/deleted');
  const told = page.getByText(
    'Deleted by ada@diquis.test on the dashboard: These tenants are gone',
  );
  assert.equal(await told.count(), 2, 'each job says who deleted it, and why');
  assertContent(scene);
});

onEachDatabase('a kind that fares badly leads to its failed jobs', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page } = scene;
  await withFailedJobs(scene, database, 3);

  await page.goto('/hangfire/kinds');
  const kind = page.getByRole('row').filter({ hasText: 'provision_tenant' });
  await kind.getByRole('link', { name: '75 %' }).click();

  await page.getByRole('heading', { name: 'Failed', level: 1 }).waitFor();
  await page.getByText('3 jobs', { exact: true }).waitFor();
  assertContent(scene);
});
