import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { batch } from '../lib/batches.js';
import { assertContent, picture, withBrowser } from '../lib/browser.js';
import { activeTenant, atDashboard, visitDashboard } from '../lib/dashboard.js';
import { postgres, sqlite } from '../lib/databases.js';
import { assertUsable, widths } from '../lib/pages.js';
import { openScope, story } from '../lib/story.js';
import { until } from '../lib/until.js';

withBrowser();

const widthsForPictures = [360, 768, 1440];

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
  'all jobs': ['/jobs?rows=20', 'All jobs'],
  'a search': ['/jobs?q=kind%3Aprovision_tenant', 'All jobs'],
  'a search that is not understood': ['/jobs?q=colour%3Ared', 'All jobs'],
  'a search that finds nothing': ['/jobs?q=kind%3Anothing', 'All jobs'],
  job: [`/jobs/details/${failedJob}`, 'provision_tenant'],
  'a job that waits for a batch': [`/jobs/details/${waitingJob}`, 'provision_tenant'],
  'copy of a job': [`/jobs/details/${failedJob}/copy`, 'A copy of provision_tenant'],
  'deleting ticked jobs': ['/jobs/enqueued', 'Delete 3 jobs?', tickAll, press(/^Delete 3/)],
  errors: ['/errors', 'Errors'],
  operations: ['/operations', 'Operations'],
  operation: [`/operations/${operation}`, 'Trigger 1 job'],
  'new operation': ['/operations/new?action=delete&q=state%3Afailed', 'Delete 1 job?'],
  'audit log': ['/audit', 'Audit log'],
  queues: ['/queues', 'Queues', open('Limit a key')],
  queue: ['/queues/default', 'default', open('Change the limit')],
  batches: ['/batches', 'Batches'],
  batch: [`/batches/${batch}`, 'Batch of 3 jobs'],
  kinds: ['/kinds', 'Kinds'],
  servers: ['/servers', 'Servers'],
  'stopping a server': ['/servers', /^Stop /, press(/^Stop: /)],
  'recurring jobs': ['/recurring', 'Recurring jobs'],
  'recurring job': ['/recurring/forget-expired', 'forget-expired'],
  'a new schedule': ['/recurring/forget-expired', 'forget-expired', ...schedule('30 2 * * MON')],
  'no schedule': ['/recurring/forget-expired', 'forget-expired', ...schedule('0 25 * * *')],
  'removing a recurring job': [
    '/recurring/forget-expired',
    'Remove forget-expired?',
    press('Remove'),
  ],
  'keyboard shortcuts': ['/servers', 'Servers', press('Shortcuts')],
  'no such page': ['/no-such-page', 'Not found'],
});

for (const [engine, database] of [
  ['SQLite', sqlite],
  ['PostgreSQL', postgres],
]) {
  describe(`on ${engine}`, () => {
    const scope = openScope(`dashboard pages ${engine}`);
    let scene;
    before(async () => {
      scene = await filled(scope, await database(scope));
    });
    after(() => scope.close());

    for (const theme of ['light', 'dark']) {
      const title = `every page of the dashboard can be used by everyone in the ${theme} theme, on ${engine}`;
      story(title, (t) => visitAll(t, scene, theme, engine), 400);
    }
  });
}

async function visitAll(t, scene, colorScheme, engine) {
  const visitor = await visitDashboard(t, scene, { colorScheme });
  const { page } = visitor;
  for (const [name, [path, heading, ...steps]] of Object.entries(pages(scene))) {
    await page.goto(`/hangfire${path}`);
    for (const step of steps) await step(page);
    await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    for (const width of widths) await assertUsable(page, name, width);
    for (const width of widthsForPictures) {
      await page.setViewportSize({ width, height: 900 });
      await picture(page, `dashboard ${name} ${width} ${colorScheme} ${engine}`);
    }
  }
  assertContent(visitor);
}

function press(name) {
  return (page) => page.getByRole('button', { name, exact: typeof name === 'string' }).click();
}

function open(summary) {
  return (page) => page.getByText(summary, { exact: true }).click();
}

async function tickAll(page) {
  for (const box of await page.getByRole('checkbox', { name: /^Tick provision_tenant/ }).all())
    await box.check();
}

function schedule(cron) {
  const write = (page) => page.getByLabel('Cron').fill(cron);
  return [open('Change the schedule'), write, press('Preview')];
}

// A job in each state that lasts; a batch, an operation, limits and a pause, all in the audit log.
async function filled(t, database) {
  const settings = { DIQUIS_JOB_ATTEMPTS: '2', DIQUIS_RETRY_DELAYS: '1h' };
  const scene = await atDashboard(t, database, { settings });
  const { diquis, script } = scene;
  const tenant = await activeTenant(scene);
  const gone = await activeTenant(scene, 'Boruca Weavers');
  const repair = await database.breakProvisioning(diquis);
  const failed = await failedTenant(script, 'Unlucky Lagoon');
  await until('its next attempt is scheduled', async () => {
    const { body } = await script.get('/api/jobs?q=state:scheduled');
    return body.items.length > 0;
  });
  const operation = await script.post('/api/job-operations', {
    command: 'trigger',
    q: 'state:scheduled',
    reason: 'The provider is back',
  });
  await script.tenantThat(
    'is given up',
    failed.id,
    ({ status, attempt }) => status === 'Failed' && attempt === 2,
  );
  await failedTenant(script, 'Unlucky Cove');
  await repair();

  const minute = { jobs: 100, periodMs: 60_000 };
  const answers = [
    operation,
    await script.post(`/api/jobs/${gone.jobId}/delete?reason=A+mistake`),
    await script.post('/api/job-queues/default/pause', { reason: 'The provider is down' }),
    await script.send('PUT', '/api/job-limits/queue/default', {
      body: { atOnce: 10, rate: minute },
    }),
    await script.send('PUT', '/api/job-limits/key/exports', { body: { atOnce: 2 } }),
  ];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [202, 204, 204, 204, 204],
  );
  await database.addBatch(diquis, 3, tenant.id);
  const waiting = await script.get('/api/jobs?q=state:awaiting');
  return {
    ...scene,
    failedJob: failed.jobId,
    waitingJob: waiting.body.items[0].id,
    operation: operation.body.id,
  };
}

async function failedTenant(script, name) {
  const tenant = await script.createTenant(name);
  await script.tenantThat('has failed', tenant.id, ({ status }) => status === 'Failed');
  return tenant;
}
