import assert from 'node:assert/strict';
import { batch } from '../lib/batches.js';
import { assertContent, withBrowser } from '../lib/browser.js';
import { activeTenant, atDashboard, visitDashboard } from '../lib/dashboard.js';
import { postgres } from '../lib/databases.js';
import { assertUsable } from '../lib/pages.js';
import { story } from '../lib/story.js';

withBrowser();

const states = [
  'Enqueued',
  'Scheduled',
  'Awaiting',
  'Processing',
  'Succeeded',
  'Failed',
  'Deleted',
];

/** Each page of the dashboard: its path, its heading, and what is done there first. */
const pages = ({ failedJob, waitingJob, operation }) => ({
  overview: ['/', 'Overview'],
  'overview of a month': ['/?period=month', 'Overview'],
  ...Object.fromEntries(states.map((state) => [state, [`/jobs/${state.toLowerCase()}`, state]])),
  retries: ['/retries', 'Retries'],
  'all jobs': ['/jobs', 'All jobs'],
  'a search': ['/jobs?q=kind%3Aprovision_tenant', 'All jobs'],
  'a search that is not understood': ['/jobs?q=colour%3Ared', 'All jobs'],
  'a search that finds nothing': ['/jobs?q=kind%3Anothing', 'All jobs'],
  job: [`/jobs/details/${failedJob}`, 'provision_tenant'],
  'a job that waits for a batch': [`/jobs/details/${waitingJob}`, 'provision_tenant'],
  'copy of a job': [`/jobs/details/${failedJob}/copy`, 'A copy of provision_tenant'],
  errors: ['/errors', 'Errors'],
  operations: ['/operations', 'Operations'],
  operation: [`/operations/${operation}`, /job/],
  'new operation': ['/operations/new?action=delete&q=state%3Afailed', 'Delete 1 job?'],
  'audit log': ['/audit', 'Audit log'],
  queues: ['/queues', 'Queues'],
  queue: ['/queues/default', 'default'],
  batches: ['/batches', 'Batches'],
  batch: [`/batches/${batch}`, 'Batch of 3 jobs'],
  kinds: ['/kinds', 'Kinds'],
  servers: ['/servers', 'Servers'],
  'stopping a server': ['/servers', /^Stop /, press('button', /^Stop: /)],
  'recurring jobs': ['/recurring', 'Recurring jobs'],
  'recurring job': ['/recurring/forget-expired', 'forget-expired'],
  'removing a recurring job': [
    '/recurring/forget-expired',
    'Remove forget-expired?',
    press('button', 'Remove'),
  ],
  'no such page': ['/no-such-page', 'Not found'],
});

// pages.test.js looks at most of them on SQLite, in each theme at each width.
story('every page of the dashboard can be used by everyone on PostgreSQL', visitAll, 400);

async function visitAll(t) {
  const scene = await filled(t, await postgres(t));
  const dark = await visitDashboard(t, scene, { colorScheme: 'dark' });

  for (const [name, page] of Object.entries(pages(scene))) {
    await look(scene.page, name, page, 320);
    await look(dark.page, name, page, 1280);
  }
  for (const visitor of [scene, dark]) assertContent(visitor);
}

async function look(page, name, [path, heading, first], width) {
  await page.goto(`/hangfire${path}`);
  await first?.(page);
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
  await assertUsable(page, name, width);
}

function press(role, name) {
  return (page) => page.getByRole(role, { name }).click();
}

// A tenant of each kind; a batch, an operation, limits and a pause, all in the audit log.
async function filled(t, database) {
  const scene = await atDashboard(t, database, { settings: { DIQUIS_JOB_ATTEMPTS: '1' } });
  const { diquis, script } = scene;
  const { id } = await activeTenant(scene);
  const repair = await database.breakProvisioning(diquis);
  const failed = await script.createTenant('Unlucky Lagoon');
  await script.tenantThat('has failed', failed.id, ({ status }) => status === 'Failed');
  await repair();

  const operation = await script.post('/api/job-operations', {
    command: 'trigger',
    q: 'state:scheduled',
    reason: 'The provider is back',
  });
  const minute = { jobs: 100, periodMs: 60_000 };
  const answers = [
    operation,
    await script.post('/api/job-queues/default/pause', { reason: 'The provider is down' }),
    await script.send('PUT', '/api/job-limits/queue/default', {
      body: { atOnce: 10, rate: minute },
    }),
    await script.send('PUT', '/api/job-limits/key/exports', { body: { atOnce: 2 } }),
  ];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [202, 204, 204, 204],
  );
  await database.addBatch(diquis, 3, id);
  const waiting = await script.get('/api/jobs?q=state:awaiting');
  return {
    ...scene,
    failedJob: failed.jobId,
    waitingJob: waiting.body.items[0].id,
    operation: operation.body.id,
  };
}
