import assert from 'node:assert/strict';
import { assertContent, picture, withBrowser } from '../lib/browser.js';
import { activeTenant, atDashboard } from '../lib/dashboard.js';
import { onEachDatabase, postgres } from '../lib/databases.js';
import { startWorkerBeside } from '../lib/diquis.js';
import { openSilentMailServer } from '../lib/silent-mail-server.js';
import { story } from '../lib/story.js';
import { within } from '../lib/until.js';

withBrowser();

onEachDatabase('a running job is seen on its server and cancelled', async (t, database) => {
  const mailServer = await openSilentMailServer(t);
  const settings = { DIQUIS_SMTP_URL: mailServer.url };
  const scene = await atDashboard(t, database, { settings });
  const { page } = scene;
  await activeTenant(scene);
  await mailServer.hasCalls(1);

  await page.goto('/hangfire/servers');
  await page.getByText('1 of 10').waitFor();
  await picture(page, `busy server ${database.engine}`);
  await page.getByRole('link', { name: 'send_email' }).click();
  await page.getByText('Processing').first().waitFor();
  await page.getByLabel('Log').getByText('Sending “').waitFor();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('The job was deleted.').waitFor();
  await mailServer.hasCalls(0);

  await page.goto('/hangfire/servers');
  await page.getByText('0 of 10').waitFor();
  await page.goto('/hangfire/jobs/deleted');
  await page.getByText('Deleted by ada@diquis.test on the dashboard').waitFor();
  assertContent(scene);
});

onEachDatabase(
  'running jobs are ticked and cancelled, and another goes on',
  async (t, database) => {
    const mailServer = await openSilentMailServer(t);
    const scene = await atDashboard(t, database, { settings: { DIQUIS_SMTP_URL: mailServer.url } });
    const { page } = scene;
    for (const name of ['Quick Lagoon', 'Quick Cove', 'Quick Bay']) await activeTenant(scene, name);
    await mailServer.hasCalls(3);

    await page.goto('/hangfire/jobs/processing');
    const rows = page.getByRole('row').filter({ hasText: 'send_email' });
    for (const nth of [0, 1]) await rows.nth(nth).getByRole('checkbox').check();
    const stays = await rows.nth(2).getAttribute('data-key');
    await page.getByRole('button', { name: 'Delete 2 jobs' }).click();
    await page.getByRole('heading', { name: 'Delete 2 jobs?' }).waitFor();
    await page.getByRole('button', { name: 'Delete 2 jobs' }).click();
    await page.getByText('2 jobs were deleted.').waitFor();
    await mailServer.hasCalls(1);

    await page.getByText('1 job', { exact: true }).waitFor();
    assert.equal(await rows.getAttribute('data-key'), stays);
    await page.goto('/hangfire/servers');
    await page.getByText('1 of 10').waitFor();
    const { Deleted, Processing } = await database.countJobs(scene.diquis);
    assert.deepEqual({ Deleted, Processing }, { Deleted: 2, Processing: 1 });
    assertContent(scene);
  },
);

onEachDatabase('the page of a job says live how far it is', async (t, database) => {
  const settings = { DIQUIS_RETRY_DELAYS: '1s' };
  const scene = await atDashboard(t, database, { settings });
  const { page, script } = scene;
  const repair = await database.breakProvisioning(scene.diquis);
  const { jobId } = await script.createTenant('Step Valley');

  await page.goto(`/hangfire/jobs/details/${jobId}`);
  await page.getByText('0 of 5').waitFor();
  const log = page.getByLabel('Log');
  await log.getByText('Create database').first().waitFor();
  await page.evaluate(() => {
    window.isStillThere = true;
  });
  await repair();

  await page.getByText('5 of 5').waitFor();
  for (const step of ['Run migrations', 'Seed data', 'Create owner', 'Activate']) {
    await log.getByText(step).waitFor();
  }
  assert.equal(await page.evaluate(() => window.isStillThere), true, 'without loading it anew');
  await picture(page, `progress ${database.engine}`);
  assertContent(scene);
});

onEachDatabase('a server is stopped, and the pages say what waits for it', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page, script } = scene;
  await activeTenant(scene);

  await page.goto('/hangfire/servers');
  await stopServer(page, /^Stop: /);
  await page.getByText('No server is running.').waitFor();

  await script.createTenant('Patient Lagoon');
  await page.goto('/hangfire');
  await page.getByText('No server is running: 1 job is waiting.').waitFor();
  assertContent(scene);
});

story('a process that only works ends when its server is stopped', async (t) => {
  const scene = await atDashboard(t, await postgres(t));
  const { page, diquis } = scene;
  const worker = await startWorkerBeside(t, diquis);
  const itsServer = new RegExp(`^Stop: .*:${worker.process.pid}$`);

  await page.goto('/hangfire/servers');
  await stopServer(page, itsServer);

  const end = await within(30, 'the end of the process', worker.ended);
  assert.deepEqual(end, { code: 0, signal: null });
  await page.getByRole('button', { name: itsServer }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: /^Stop: / }).waitFor();
  assertContent(scene);
});

async function stopServer(page, name) {
  await page.getByRole('button', { name }).click();
  await page.getByRole('button', { name: 'Stop it' }).click();
  await page.getByText('The server stops.').waitFor();
}
