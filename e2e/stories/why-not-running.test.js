import { assertContent, picture, withBrowser } from '../lib/browser.js';
import { activeTenant, atDashboard } from '../lib/dashboard.js';
import { onEachDatabase } from '../lib/databases.js';
import { openSilentMailServer } from '../lib/silent-mail-server.js';
import { until } from '../lib/until.js';

withBrowser();

onEachDatabase('a job waits for the one that uses up its queue', async (t, database) => {
  const mailServer = await openSilentMailServer(t);
  const scene = await atDashboard(t, database, { settings: { DIQUIS_SMTP_URL: mailServer.url } });
  const { page, diquis, script } = scene;
  const { id } = await activeTenant(scene);
  await mailServer.hasCalls(1);
  const running = await script.get('/api/jobs?q=state:processing');
  const holder = running.body.items[0].id;
  await script.send('PUT', '/api/job-limits/queue/default', { body: { atOnce: 1 } });

  const waiting = await database.addJob(diquis, id);
  await openJob(page, waiting);
  const words = `Waits, because the limit of the queue default is used up by the job ${holder}.`;
  await page.getByText(words, { exact: true }).waitFor();
  await picture(page, `queue used up ${database.engine}`);
  await page.getByRole('link', { name: holder }).click();
  await page.getByText(/^Runs on .*, attempt 1\.$/).waitFor();
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('The job was deleted.').waitFor();
  await openJob(page, waiting);
  await page.getByText(/^Done in /).waitFor();
  assertContent(scene);
});

onEachDatabase('a job waits until the limit of its key allows one more', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page, diquis, script } = scene;
  const { id } = await activeTenant(scene);
  const limit = '/api/job-limits/key/exports';
  const allow = (jobs) =>
    script.send('PUT', limit, { body: { rate: { jobs, periodMs: 3_600_000 } } });

  // A claim that takes long counts as well, and hands its job back: this leaves room for another one.
  await allow(100);
  await openJob(page, await database.addJob(diquis, id, { limitKey: 'exports' }));
  await page.getByText(/^Done in /).waitFor();
  await allow(1);
  await openJob(page, await database.addJob(diquis, id, { limitKey: 'exports' }));
  const words =
    /^Waits, because the limit of the key exports allows no more jobs to begin for (1 h|59 min)/;
  await page.getByText(words).waitFor();
  await script.send('DELETE', limit);
  await page.getByText(/^Done in /).waitFor();
  assertContent(scene);
});

onEachDatabase('a job waits while every worker is busy', async (t, database) => {
  const mailServer = await openSilentMailServer(t);
  const settings = { DIQUIS_SMTP_URL: mailServer.url, DIQUIS_WORKERS: '1' };
  const scene = await atDashboard(t, database, { settings });
  const { page, diquis, script } = scene;
  const { id } = await activeTenant(scene);
  await mailServer.hasCalls(1);

  await openJob(page, await database.addJob(diquis, id));
  const words = 'Waits, because all workers that take from the queue default are busy.';
  await page.getByText(words, { exact: true }).waitFor();
  const running = await script.get('/api/jobs?q=state:processing');
  await script.post(`/api/jobs/${running.body.items[0].id}/delete`);
  await page.getByText(/^Done in /).waitFor();
  assertContent(scene);
});

onEachDatabase('a job waits for a server that knows it', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page, diquis } = scene;
  const { id } = await activeTenant(scene);

  await openJob(page, await database.addJob(diquis, id, { kind: 'send_fax' }));
  const unknown =
    'Waits, because no running server of the queue default knows jobs of the kind send_fax.';
  await page.getByText(unknown, { exact: true }).waitFor();
  await openJob(page, await database.addJob(diquis, id, { queue: 'reports' }));
  const unserved = 'Waits, because no running server takes jobs from the queue reports.';
  await page.getByText(unserved, { exact: true }).waitFor();
  assertContent(scene);
});

onEachDatabase('a job waits while no server is running', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page, diquis, script } = scene;
  const { id } = await activeTenant(scene);
  const servers = async () => (await script.get('/api/job-servers')).body;
  const [server] = await servers();
  await script.post(`/api/job-servers/${server.id}/stop`);
  await until('the server has stopped', async () => (await servers()).length === 0);

  await openJob(page, await database.addJob(diquis, id));
  const words = 'Waits, because no server is running.';
  await page.getByText(words, { exact: true }).waitFor();
  assertContent(scene);
});

onEachDatabase('a job waits for its time, and another one for that job', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page, diquis } = scene;
  const main = page.getByRole('main');
  const { id } = await activeTenant(scene);
  const first = await database.addJob(diquis, id, { dueIn: 7200 });
  const second = await database.addJob(diquis, id, { after: first });

  await openJob(page, second);
  await page.getByText('Waits for others.', { exact: true }).waitFor();
  await main.getByRole('listitem').filter({ hasText: 'Scheduled' }).getByRole('link').click();
  await page.waitForURL(`**/${first}`);
  await page.getByText(/^It is due in (2 h|1 h 59 min)/).waitFor();
  await page.getByRole('button', { name: 'Trigger now' }).click();
  await page.getByText(/^Done in /).waitFor();

  await openJob(page, second);
  await page.getByText(/^Done in /).waitFor();
  assertContent(scene);
});

function openJob(page, id) {
  return page.goto(`/hangfire/jobs/details/${id}`);
}
