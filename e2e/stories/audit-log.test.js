import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { assertContent, withBrowser } from '../lib/browser.js';
import { atDashboard, withFailedJobs } from '../lib/dashboard.js';
import { onEachDatabase } from '../lib/databases.js';

withBrowser();

onEachDatabase('what people did is read page by page, and taken away', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page, script } = scene;
  for (let i = 1; i <= 26; i += 1) await pauseAndResume(script, `=exercise "${i}"`);

  await page.goto('/hangfire/audit');
  await page.getByText('=exercise "26"', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Older' }).click();
  const first = page.getByRole('row').filter({ hasText: '=exercise "1"' });
  await first.filter({ hasText: 'pause queue' }).filter({ hasText: 'ada@diquis.test' }).waitFor();
  await page.getByRole('link', { name: 'First page' }).click();
  await page.getByText('=exercise "26"', { exact: true }).waitFor();

  const [header, newest, paused] = (await exported(page, 'CSV')).split('\r\n');
  assert.equal(header, 'number,at,actor,action,target,jobs,reason');
  assert.match(newest, /"ada@diquis\.test","resume queue","default"/);
  assert.ok(paused.endsWith(`"'=exercise ""26"""`), 'no spreadsheet takes it for a formula');
  const entries = JSON.parse(await exported(page, 'JSON'));
  assert.equal(entries.length, 52);
  const { actor, action, target, reason } = entries.at(-1);
  assert.deepEqual(
    { actor, action, target, reason },
    { actor: 'ada@diquis.test', action: 'pause queue', target: 'default', reason: '=exercise "1"' },
  );
  assertContent(scene);
});

onEachDatabase(
  'each action stands there with who, what, when and on how many',
  async (t, database) => {
    const scene = await atDashboard(t, database, { settings: { DIQUIS_RETRY_DELAYS: '1h' } });
    const { page } = scene;
    const waiting = await jobsThatWait(scene, database, 3);
    await withFailedJobs(scene, database, 9);
    const begin = Date.now();

    const deeds = [
      ...(await actOnOne(scene, waiting[0])),
      ...(await actOnTicked(page)),
      ...(await actOnAll(page)),
      ...(await actOnRecurring(page)),
      ...(await actOnServer(page)),
    ];

    await page.goto('/hangfire/audit');
    const entries = await entriesOn(page);
    const written = entries.map(({ at, ...entry }) => entry).reverse();
    assert.deepEqual(
      written,
      deeds.map(([action, target, jobs, reason]) => ({
        action,
        target,
        jobs: jobs ? String(jobs) : '–',
        by: 'ada@diquis.test',
        reason: reason ?? '–',
      })),
    );
    const moments = [Date.now(), ...entries.map(({ at }) => Date.parse(at)), begin];
    assert.deepEqual(
      moments,
      moments.toSorted((a, b) => b - a),
    );
    assertContent(scene);
  },
);

// Each of these resolves to what it did: the action, on what, on how many jobs, and why.

async function actOnOne({ page, script }, waiting) {
  const { body } = await script.get('/api/jobs?q=state:failed');
  const [requeued, deleted] = body.items.map(({ id }) => id);
  await press(page, `/hangfire/jobs/details/${requeued}`, 'Requeue', 'The job was requeued.');
  await press(page, `/hangfire/jobs/details/${deleted}`, 'Delete', 'The job was deleted.');
  await press(page, `/hangfire/jobs/details/${waiting}`, 'Trigger now', 'The job was triggered.');
  await page.goto(`/hangfire/jobs/details/${deleted}`);
  await page.getByRole('link', { name: 'Copy …' }).click();
  await page.getByRole('button', { name: 'Enqueue the copy' }).click();
  await page.getByText(/^Done in /).waitFor();
  const copy = new URL(page.url()).pathname.split('/').at(-1);
  return [
    ['requeue', requeued, 1],
    ['delete', deleted, 1],
    ['trigger', waiting, 1],
    ['enqueue a copy', copy, 1, `a copy of ${deleted}`],
  ];
}

async function actOnTicked(page) {
  const requeued = await tickTwo(page, '/hangfire/jobs/failed');
  await press(page, null, 'Requeue 2 jobs', '2 jobs were requeued.');
  const deleted = await tickTwo(page, '/hangfire/jobs/failed');
  await page.getByRole('button', { name: 'Delete 2 jobs' }).click();
  await page.getByRole('heading', { name: 'Delete 2 jobs?' }).waitFor();
  await press(page, null, 'Delete 2 jobs', '2 jobs were deleted.');
  const triggered = await tickTwo(page, '/hangfire/retries');
  await press(page, null, 'Trigger 2 jobs', '2 jobs were triggered.');
  return [
    ...requeued.map((id) => ['requeue', id, 1]),
    ...deleted.map((id) => ['delete', id, 1]),
    ...triggered.map((id) => ['trigger', id, 1]),
  ];
}

async function actOnAll(page) {
  await page.goto('/hangfire/jobs/failed');
  await page.getByRole('link', { name: 'Delete all' }).click();
  await page.getByLabel('Why').fill('They are of no use');
  await page.getByRole('button', { name: 'Delete 3 jobs' }).click();
  await page.getByText('Finished', { exact: true }).waitFor();
  return [['delete', 'state:failed', 3, 'They are of no use']];
}

async function actOnRecurring(page) {
  const id = 'forget-expired';
  await press(page, `/hangfire/recurring/${id}`, 'Run now', 'A run was enqueued.');
  await page.getByLabel('Reason for the pause').fill('The night is too short');
  await press(page, null, 'Pause', 'The recurring job is paused.');
  await press(page, null, 'Resume', 'The recurring job goes on');
  await page.getByText('Change the schedule').click();
  await page.getByLabel('Cron').fill('30 2 * * MON');
  await page.getByLabel('Time zone').fill('Europe/Berlin');
  await page.getByRole('button', { name: 'Preview' }).click();
  await press(page, null, 'Change it', 'The recurring job has its new schedule.');
  await page.getByRole('button', { name: 'Remove' }).click();
  await press(page, null, 'Remove it', 'The recurring job was removed.');
  return [
    ['run recurring job', id],
    ['pause recurring job', id, 0, 'The night is too short'],
    ['resume recurring job', id],
    ['reschedule recurring job', id, 0, 'to 30 2 * * MON in Europe/Berlin'],
    ['remove recurring job', id],
  ];
}

async function actOnServer(page) {
  await page.goto('/hangfire/servers');
  const server = await page.locator('.name').innerText();
  await press(page, null, `Quiet: ${server}`, 'The server takes no more jobs');
  await press(page, null, `Work again: ${server}`, 'The server takes jobs again');
  await page.getByRole('button', { name: `Stop: ${server}` }).click();
  await press(page, null, 'Stop it', 'The server stops.');
  return [
    ['quiet server', server],
    ['work again server', server],
    ['stop server', server],
  ];
}

/** Presses the button of the page at the address, or of the one that is shown. */
async function press(page, address, name, answer) {
  if (address) await page.goto(address);
  await page.getByRole('button', { name, exact: true }).click();
  await page.getByText(answer).waitFor();
}

/** The ids of the two uppermost jobs of the list. */
async function tickTwo(page, address) {
  await page.goto(address);
  const ids = [];
  for (const row of (await page.locator('tbody tr').all()).slice(0, 2)) {
    await row.getByRole('checkbox').check();
    ids.push(await row.getAttribute('data-key'));
  }
  return ids;
}

/** The ids of jobs that wait for their second attempt, and would succeed. */
async function jobsThatWait({ diquis, script }, database, many) {
  const repair = await database.breakProvisioning(diquis);
  const jobs = [];
  for (let i = 1; i <= many; i += 1) {
    const { id, jobId } = await script.createTenant(`Unlucky Lagoon ${i}`);
    await script.tenantThat('has failed', id, ({ status }) => status === 'Failed');
    jobs.push(jobId);
  }
  await repair();
  return jobs;
}

/** What the audit log shows, the newest first. */
function entriesOn(page) {
  return page.locator('tbody tr').evaluateAll((rows) =>
    rows.map((row) => {
      const cell = (label) => row.querySelector(`[data-label="${label}"]`);
      return {
        action: cell('What').querySelector('strong').textContent,
        target: cell('What').querySelector('p').textContent,
        jobs: cell('Jobs').textContent,
        by: cell('By').textContent,
        reason: cell('Why').textContent,
        at: cell('When').querySelector('time').dateTime,
      };
    }),
  );
}

async function pauseAndResume(script, reason) {
  const paused = await script.post('/api/job-queues/default/pause', { reason });
  const resumed = await script.post('/api/job-queues/default/resume');
  assert.deepEqual([paused.status, resumed.status], [204, 204]);
}

/** What the browser puts into its folder of downloads. */
async function exported(page, format) {
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: format, exact: true }).click();
  return readFile(await (await download).path(), 'utf8');
}
