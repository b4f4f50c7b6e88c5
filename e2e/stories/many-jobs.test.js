import assert from 'node:assert/strict';
import { signIn } from '../lib/api.js';
import { assertContent, person, picture, signInThere, withBrowser } from '../lib/browser.js';
import { onEachDatabase } from '../lib/databases.js';
import { startDiquis } from '../lib/diquis.js';

const many = 100_000;

withBrowser();

onEachDatabase(
  'a hundred thousand failed jobs are requeued at once while workers run',
  async (t, database) => {
    const diquis = await startDiquis(t, database);
    const script = await signIn(diquis.url);
    const there = await script.createTenant('Busy Harbour');
    await script.activeTenant(there.id);
    await database.failJobs(diquis, many, there.id);
    const browser = await person(t, diquis);
    const { page } = browser;
    await signInThere(page);
    await page.getByRole('heading', { name: 'Tenants', level: 1 }).waitFor();

    await page.goto('/hangfire/jobs/failed');
    await page.getByText('All 100,000 jobs').waitFor();
    await page.getByRole('link', { name: 'Requeue all' }).click();
    await page.getByLabel('Why').fill('The database is back');
    await page.getByRole('button', { name: 'Requeue 100,000 jobs' }).click();
    await page.getByText(/^[1-9][\d,]* of 100,000$/).waitFor();
    const inTheMiddle = await script.createTenant('Quick Cove');
    await script.activeTenant(inTheMiddle.id);
    assert.ok((await unfinishedJobs(script)) > 0, 'the new tenant waited for all of them');
    await picture(page, `many jobs ${database.engine}`);
    await page.getByText('Finished', { exact: true }).waitFor({ timeout: 150_000 });
    await page.getByText('100,000 of 100,000').waitFor();
    await page.goto('/hangfire/audit');
    await page.getByText('The database is back').waitFor();

    await page.goto('/hangfire');
    for (const state of ['Enqueued', 'Processing', 'Failed']) {
      await counter(page, state, '0').waitFor({ timeout: 150_000 });
    }
    const { Succeeded, ...others } = await database.countJobs(diquis);
    assert.deepEqual(others, {}, 'every job has succeeded');
    assert.ok(Succeeded >= many + 2, 'none is lost');
    assertContent(browser);
  },
  400,
);

/** The overview's number of jobs in a state. */
function counter(page, state, number) {
  const counters = page.getByRole('list', { name: 'Jobs by state' });
  return counters.getByRole('link', { name: new RegExp(`^${state} ?${number}$`) });
}

async function unfinishedJobs(script) {
  const { body } = await script.get('/api/job-engine');
  return body.counts.failed + body.counts.enqueued + body.counts.processing;
}
