import assert from 'node:assert/strict';
import { assertContent, picture, withBrowser } from '../lib/browser.js';
import { atDashboard, withFailedJobs } from '../lib/dashboard.js';
import { onEachDatabase } from '../lib/databases.js';

const many = 60_000;

withBrowser();

onEachDatabase(
  'an operation on all that match is stopped half way, and what is done stays done',
  async (t, database) => {
    const scene = await atDashboard(t, database);
    const { page, diquis } = scene;
    await withFailedJobs(scene, database, many);

    await page.goto('/hangfire/jobs/failed');
    await page.getByRole('link', { name: 'Delete all' }).click();
    await page.getByLabel('Why').fill('They seem to be useless');
    await page.getByLabel(`Type ${many} to confirm`).fill(`${many}`);
    await page.getByRole('button', { name: 'Delete 60,000 jobs' }).click();
    await page.getByText(/^[1-9][\d,]* of 60,000$/).waitFor();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByText('Stopped', { exact: true }).waitFor();
    await picture(page, `stopped operation ${database.engine}`);

    const { Failed, Deleted } = await database.countJobs(diquis);
    assert.equal(Failed + Deleted, many, 'none is lost');
    assert.ok(Deleted > 0 && Failed > 0, `it was half way: ${Deleted} deleted, ${Failed} left`);
    const halfWay = `${Deleted.toLocaleString('en')} of 60,000`;
    await page.getByText(halfWay).waitFor();
    await page.goto('/hangfire/operations');
    const listed = page.getByRole('row').filter({ hasText: halfWay });
    await listed.getByText('Stopped', { exact: true }).waitFor();
    await page.goto('/hangfire/audit');
    await page.getByText('stop operation', { exact: true }).waitFor();
    await page.goto('/hangfire/jobs/failed');
    await page.getByText(`All ${Failed.toLocaleString('en')} jobs`).waitFor();
    assertContent(scene);
  },
);
