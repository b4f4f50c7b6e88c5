import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { assertContent, picture, withBrowser } from '../lib/browser.js';
import { activeTenant, atDashboard } from '../lib/dashboard.js';
import { onEachDatabase, postgres } from '../lib/databases.js';
import { startWorkerBeside } from '../lib/diquis.js';
import { story } from '../lib/story.js';
import { within } from '../lib/until.js';

withBrowser();

onEachDatabase('a running job is seen on its server and cancelled', async (t, database) => {
  const mailServer = await openSilentServer(t);
  const settings = { DIQUIS_SMTP_URL: `smtp://127.0.0.1:${mailServer.port}` };
  const scene = await atDashboard(t, database, { settings });
  const { page } = scene;
  await activeTenant(scene);
  await within(15, 'the welcome mail to be sent', mailServer.isAsked);

  await page.goto('/hangfire/servers');
  await page.getByText('1 of 10').waitFor();
  await picture(page, `busy server ${database.engine}`);
  await page.getByRole('link', { name: 'send_email' }).click();
  await page.getByText('Processing').first().waitFor();
  await page.getByLabel('Log').getByText('Sending “').waitFor();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('The job was deleted.').waitFor();
  await within(15, 'the mail to be given up', mailServer.isLeft);

  await page.goto('/hangfire/servers');
  await page.getByText('0 of 10').waitFor();
  await page.goto('/hangfire/jobs/deleted');
  await page.getByText('Deleted by ada@diquis.test on the dashboard').waitFor();
  assertContent(scene);
});

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

// A mail server that takes calls and says nothing.
async function openSilentServer(t) {
  const calls = new Set();
  const server = createServer((call) => {
    calls.add(call);
    call.on('error', () => {});
    server.emit('asked', call);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const call of calls) call.destroy();
    server.close();
  });
  const isAsked = once(server, 'asked');
  return {
    port: server.address().port,
    isAsked,
    isLeft: isAsked.then(([call]) => once(call, 'close')),
  };
}
