import assert from 'node:assert/strict';
import { signIn } from '../lib/api.js';
import {
  assertContent,
  orderTenant,
  person,
  picture,
  row,
  signInThere,
  toast,
  withBrowser,
} from '../lib/browser.js';
import { onEachDatabase } from '../lib/databases.js';
import { startDiquis } from '../lib/diquis.js';
import { until } from '../lib/until.js';

withBrowser();

onEachDatabase('a failed attempt is told, and tried again by itself', async (t, database) => {
  const diquis = await startDiquis(t, database, { DIQUIS_RETRY_DELAYS: '1s' });
  const ada = await signIn(diquis.url);
  const ears = await ada.listen(t);
  const repair = await database.breakProvisioning(diquis);

  const { id, jobId } = await ada.createTenant('Second Chance');

  const [type, message] = (await ears.hearsNotificationOf(id, 'TenantWillRetry')).args;
  assert.equal(type, 'Info');
  assert.match(message, /Second Chance/);
  const failed = await ada.tenantThat('has failed', id, ({ status }) => status === 'Failed');
  assert.ok(failed.error.length > 10, 'the error is stored on the tenant');
  assert.ok(failed.nextAttemptAt, 'the next attempt is announced');
  assert.equal(failed.maxAttempts, 10);

  await repair();
  await ears.hearsNotificationOf(id, 'TenantReady');
  const { error, steps } = await ada.activeTenant(id);
  assert.equal(error, null);
  assert.deepEqual(
    steps.map(({ state }) => state),
    ['Done', 'Done', 'Done', 'Done', 'Done'],
  );
  const page = await ada.sendWithCookies('GET', `/hangfire/jobs/details/${jobId}`);
  assert.ok(page.body.includes('Failed'), 'the job remembers the attempt that failed');
  const told = ears.heard.filter(({ args }) => args.at(-1).kind === 'TenantWillRetry');
  assert.equal(told.length, 1, 'told once, on the first failure');
});

onEachDatabase('a job that is given up rests until someone retries it', async (t, database) => {
  const diquis = await startDiquis(t, database, { DIQUIS_JOB_ATTEMPTS: '1' });
  const ada = await person(t, diquis);
  const { page } = ada;
  await page.clock.install();
  await signInThere(page);
  await page.getByRole('heading', { name: 'Tenants', level: 1 }).waitFor();
  const repair = await database.breakProvisioning(diquis);

  await orderTenant(page, 'Given Up');

  const red = toast(page, /Given Up/);
  await red.waitFor();
  assert.equal(await red.getAttribute('data-tone'), 'error');
  await row(page, 'Given Up').getByText('Failed', { exact: true }).waitFor();
  await picture(page, `given up ${database.engine}`);
  await page.clock.fastForward('00:20');
  assert.equal(await red.isVisible(), true, 'the red toast stays');
  await red.getByRole('button', { name: 'Dismiss message' }).click();
  await red.waitFor({ state: 'detached' });

  await repair();
  await row(page, 'Given Up').getByRole('button', { name: 'Retry Given Up' }).click();
  await toast(page, 'Tenant Given Up has been successfully provisioned.').waitFor();
  await row(page, 'Given Up').getByText('Active', { exact: true }).waitFor();
  assertContent(ada);
});

onEachDatabase('a retry that is asked for twice is one retry', async (t, database) => {
  const diquis = await startDiquis(t, database, { DIQUIS_JOB_ATTEMPTS: '1' });
  const ada = await signIn(diquis.url);
  const repair = await database.breakProvisioning(diquis);
  const { id } = await ada.createTenant('Asked Twice');
  await ada.tenantThat('has failed', id, ({ status }) => status === 'Failed');
  await repair();

  const answers = await Promise.all([
    ada.post(`/api/tenants/${id}/retry`),
    ada.post(`/api/tenants/${id}/retry`),
  ]);
  await ada.activeTenant(id);
  const later = await ada.post(`/api/tenants/${id}/retry`);

  for (const { status, body } of answers) {
    assert.ok([202, 409].includes(status), `${status}: ${JSON.stringify(body)}`);
  }
  assert.ok(answers.some(({ status }) => status === 202));
  assert.equal(later.status, 409, 'an active tenant has nothing to retry');
  await diquis.stop();
  const owners = await database.ownersByTenantDatabase(diquis);
  assert.deepEqual(owners, [['owner@example.test']], 'one database, one owner');
});

onEachDatabase(
  'a tenant that keeps failing is given up after its attempts',
  async (t, database) => {
    const diquis = await startDiquis(t, database, {
      DIQUIS_JOB_ATTEMPTS: '3',
      DIQUIS_RETRY_DELAYS: '100ms',
    });
    const ada = await signIn(diquis.url);
    const ears = await ada.listen(t);
    await database.breakProvisioning(diquis);

    const { id, jobId } = await ada.createTenant('Three Times');

    const [type, message] = (await ears.hearsNotificationOf(id, 'TenantFailed')).args;
    assert.equal(type, 'Error');
    assert.match(message, /Three Times/);
    const tenant = await ada.tenant(id);
    assert.deepEqual([tenant.status, tenant.attempt, tenant.maxAttempts], ['Failed', 3, 3]);
    assert.equal(tenant.nextAttemptAt, null);
    await until('it rests among the failed jobs', async () => {
      const { body } = await ada.sendWithCookies('GET', '/hangfire/jobs/failed');
      return body.includes(jobId);
    });
  },
);
