import assert from 'node:assert/strict';
import { signIn } from '../lib/api.js';
import { assertContent, person, picture, signInThere, toast, withBrowser } from '../lib/browser.js';
import { onEachDatabase } from '../lib/databases.js';
import { startDiquis } from '../lib/diquis.js';

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
  await signInThere(page);
  await page.getByRole('heading', { name: 'Tenants', level: 1 }).waitFor();
  const repair = await database.breakProvisioning(diquis);
  const script = await signIn(diquis.url);

  const { id, jobId } = await script.createTenant('Given Up');

  const red = toast(page, /Given Up/);
  await red.waitFor();
  await row(page, 'Given Up').getByText('Failed').first().waitFor();
  await picture(page, `given up ${database.engine}`);
  await page.clock.fastForward?.('00:30').catch(() => {});
  assert.equal(await red.isVisible(), true, 'the red toast stays');
  await red.getByRole('button', { name: /dismiss|close/i }).click();
  await red.waitFor({ state: 'detached' });

  await page.goto('/hangfire/jobs/failed');
  await page
    .getByRole('link', { name: /provision_tenant|ProvisionTenant/ })
    .first()
    .click();
  await page.waitForURL(`**/hangfire/jobs/details/${jobId}`);
  await picture(page, `failed job ${database.engine}`);

  await repair();
  const twice = await Promise.all([
    script.post(`/api/tenants/${id}/retry`),
    script.post(`/api/tenants/${id}/retry`),
  ]);
  for (const { status } of twice) assert.ok([202, 409].includes(status), `answered ${status}`);
  assert.ok(twice.some(({ status }) => status === 202));
  await script.activeTenant(id);
  assertContent(ada);
});

function row(page, name) {
  return page.getByRole('row').filter({ hasText: name });
}
