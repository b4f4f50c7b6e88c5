import assert from 'node:assert/strict';
import { assertContent, picture, withBrowser } from '../lib/browser.js';
import { atDashboard, withFailedJobs } from '../lib/dashboard.js';
import { onEachDatabase } from '../lib/databases.js';
import { unreachable } from '../lib/failed-jobs.js';

withBrowser();

const settings = { DIQUIS_JOB_ATTEMPTS: '2', DIQUIS_RETRY_DELAYS: '1s' };

onEachDatabase('the newest errors are told first, each with its number', async (t, database) => {
  const scene = await atDashboard(t, database, { settings });
  const { page } = scene;
  const errors = page.getByRole('region', { name: 'Newest errors' }).getByRole('listitem');
  await withFailedJobs(scene, database, 3);

  await page.goto('/hangfire');
  await errors.filter({ hasText: unreachable }).getByText('3 jobs', { exact: true }).waitFor();
  await giveUpOne(scene, database);
  await errors.nth(1).filter({ hasText: unreachable }).waitFor();
  await errors.first().getByText('1 job', { exact: true }).waitFor();
  await errors.nth(1).getByText('3 jobs', { exact: true }).waitFor();
  await picture(page, `newest errors ${database.engine}`);

  await errors.nth(1).getByRole('link', { name: 'provision_tenant' }).click();
  await page.getByRole('heading', { name: 'Failed', level: 1 }).waitFor();
  await page.getByText('3 jobs', { exact: true }).waitFor();
  assert.equal(await page.getByRole('cell').filter({ hasText: unreachable }).count(), 3);
  assertContent(scene);
});

onEachDatabase('what was done lately is drawn and counted', async (t, database) => {
  const scene = await atDashboard(t, database, { settings });
  const { page, script } = scene;
  const period = page.getByRole('list', { name: 'In this period' });

  await page.goto('/hangfire');
  await period.getByText('Succeeded 0').waitFor();
  const tenant = await script.createTenant('Busy Harbour');
  await script.activeTenant(tenant.id);
  await giveUpOne(scene, database);

  // The tenant and its welcome mail.
  await period.getByText('Succeeded 2').waitFor();
  await period.getByText('Retried 1').waitFor();
  await period.getByText('Given up 1').waitFor();
  await page
    .getByRole('img', { name: 'In the last hour: 2 succeeded, 1 retried, 1 given up.' })
    .waitFor();
  await page.getByText('Show as a table').click();
  assert.deepEqual(await sumsInTable(page), [2, 1, 1, 0]);
  await page.getByRole('link', { name: 'month', exact: true }).click();
  await page
    .getByRole('img', { name: 'In the last month: 2 succeeded, 1 retried, 1 given up.' })
    .waitFor();
  assertContent(scene);
});

// A tenant whose database cannot be made, whatever is tried.
async function giveUpOne({ diquis, script }, database) {
  await database.breakProvisioning(diquis);
  const { id } = await script.createTenant('Unlucky Lagoon');
  const isGivenUp = ({ status, attempt }) => status === 'Failed' && attempt === 2;
  await script.tenantThat('is given up', id, isGivenUp);
}

/** Of each column: it may have become another minute meanwhile. */
async function sumsInTable(page) {
  const table = page.getByRole('region', { name: 'Throughput as a table' });
  const rows = await table.locator('tbody tr').all();
  const sums = [0, 0, 0, 0];
  for (const row of rows) {
    const numbers = await row.locator('td.number').allInnerTexts();
    numbers.forEach((number, column) => {
      sums[column] += Number(number);
    });
  }
  return sums;
}
