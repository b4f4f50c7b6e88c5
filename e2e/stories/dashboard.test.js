import assert from 'node:assert/strict';
import { signIn } from '../lib/api.js';
import { assertContent, person, picture, signInThere, withBrowser } from '../lib/browser.js';
import { atLivePage } from '../lib/dashboard.js';
import { onEachDatabase } from '../lib/databases.js';
import { startDiquis } from '../lib/diquis.js';
import { openElsewhere } from '../lib/elsewhere.js';
import { lookAgain, lookAway } from '../lib/pages.js';

withBrowser();

/** After which time at most whoever may no longer look sees nothing, in milliseconds. */
const soon = 10_000;

onEachDatabase('a failed job is requeued where it rests', async (t, database) => {
  const story = await failedTenant(t, database, { DIQUIS_JOB_ATTEMPTS: '1' });
  const { page, script, tenant } = story;

  await page.goto('/hangfire/jobs/failed');
  await page.getByRole('link', { name: 'provision_tenant' }).click();
  await page.waitForURL(`**/hangfire/jobs/details/${tenant.jobId}`);
  await picture(page, `failed job ${database.engine}`);
  const sameJob = await story.context.newPage();
  // Live, it would show what has become of the job meanwhile.
  await sameJob.route('**/hangfire/events*', (route) => route.abort());
  await sameJob.goto(page.url());
  await story.repair();
  await page.getByRole('button', { name: 'Requeue' }).click();
  await page.getByText('The job was requeued.').waitFor();
  await script.activeTenant(tenant.id);

  await sameJob.getByRole('button', { name: 'Requeue' }).click();
  await sameJob.getByText('Nothing was changed.').waitFor();
  assert.equal((await script.tenant(tenant.id)).status, 'Active', 'twice does no harm');
  assertContent(story);
});

onEachDatabase('a job that waits for its next attempt is triggered now', async (t, database) => {
  const story = await failedTenant(t, database, { DIQUIS_RETRY_DELAYS: '1h' });
  const { page, script, tenant } = story;

  await page.goto('/hangfire/retries');
  await page.getByRole('link', { name: 'provision_tenant' }).click();
  await story.repair();
  await page.getByRole('button', { name: 'Trigger now' }).click();
  await page.getByText('The job was triggered.').waitFor();

  await script.activeTenant(tenant.id);
  assertContent(story);
});

onEachDatabase('a deleted job stays away until it is requeued', async (t, database) => {
  const story = await failedTenant(t, database, { DIQUIS_JOB_ATTEMPTS: '1' });
  const { page, script, tenant } = story;
  await story.repair();

  await page.goto(`/hangfire/jobs/details/${tenant.jobId}`);
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('The job was deleted.').waitFor();
  await page.goto('/hangfire/jobs/deleted');
  await page.getByRole('link', { name: 'provision_tenant' }).click();
  assert.equal((await script.tenant(tenant.id)).status, 'Failed');
  await page.getByRole('button', { name: 'Requeue' }).click();

  await script.activeTenant(tenant.id);
  assertContent(story);
});

onEachDatabase(
  'an error is found, its group requeued, and the counters follow',
  async (t, database) => {
    const story = await failedTenant(t, database, { DIQUIS_JOB_ATTEMPTS: '1' });
    const { page, script, tenant } = story;
    const overview = await story.context.newPage();
    await overview.goto('/hangfire');
    await overview.getByText('1 job was given up and waits for your decision.').waitFor();
    const failed = overview.locator('.counter').filter({ hasText: 'Failed' });
    assert.match(await failed.innerText(), /1$/);
    await story.repair();

    await page.goto('/hangfire');
    await page.getByRole('link', { name: 'All errors' }).click();
    await page.getByRole('link', { name: 'Requeue 1 job' }).click();
    await page.getByLabel('Why').fill('The database is back');
    await page.getByRole('button', { name: 'Requeue 1 job' }).click();
    await page.getByText('Finished', { exact: true }).waitFor();
    await script.activeTenant(tenant.id);
    await overview.getByRole('heading', { name: 'All is well' }).waitFor();
    await failed.filter({ hasText: /0$/ }).waitFor();

    await page.goto('/hangfire/audit');
    await page.getByText('The database is back').waitFor();
    await page.goto(`/hangfire/jobs/details/${tenant.jobId}`);
    await page.getByText(/Requeued by .* on the dashboard: The database is back/).waitFor();
    assertContent(story);
  },
);

onEachDatabase('a queue is paused, limited and goes on', async (t, database) => {
  const story = await atDashboard(t, database);
  const { page, script } = story;
  const first = await script.createTenant('Quick Lagoon');
  await script.activeTenant(first.id);

  await page.goto('/hangfire/queues/default');
  await page.getByLabel('Reason for the pause').fill('The provider is down');
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByText('The queue is paused.').waitFor();
  const tenant = await script.createTenant('Patient Lagoon');
  await page.goto(`/hangfire/jobs/details/${tenant.jobId}`);
  await page.getByText(/^Waits, because .* paused its queue: The provider is down\.$/).waitFor();

  await page.goto('/hangfire/queues/default');
  await page.getByText('Change the limit').click();
  await page.getByLabel('Jobs at once').fill('3');
  await page.getByRole('button', { name: 'Set the limit' }).click();
  await page.getByText('Over all servers together: 3 at once.').waitFor();
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByText('The queue goes on.').waitFor();
  await script.activeTenant(tenant.id);
  await page.getByText('Change the limit').click();
  await page.getByRole('button', { name: 'Remove it' }).click();
  await page.getByText('None: every free worker takes from it.').waitFor();

  await page.goto('/hangfire/audit');
  for (const deed of ['pause queue', 'limit queue', 'resume queue', 'remove limit of queue'])
    await page.getByText(deed, { exact: true }).waitFor();
  assertContent(story);
});

onEachDatabase('a quiet server takes no jobs until it works again', async (t, database) => {
  const story = await atDashboard(t, database);
  const { page, script } = story;

  await page.goto('/hangfire/servers');
  await page.getByRole('button', { name: /^Quiet: / }).click();
  await page.getByText('The server takes no more jobs').waitFor();
  await page.getByRole('button', { name: /^Work again: / }).waitFor();
  await page.getByRole('button', { name: /^Work again: / }).click();
  await page.getByText('The server takes jobs again').waitFor();
  const tenant = await script.createTenant('Patient Lagoon');
  await script.activeTenant(tenant.id);

  await page.getByRole('button', { name: /^Stop: / }).click();
  await page.getByRole('heading', { name: /^Stop .*\?$/ }).waitFor();
  await page.getByRole('link', { name: 'Let it run' }).click();
  await page.getByRole('button', { name: /^Stop: / }).waitFor();
  assertContent(story);
});

onEachDatabase('a copy of a job is enqueued from its page', async (t, database) => {
  const story = await atDashboard(t, database);
  const { page, script } = story;
  const tenant = await script.createTenant('Twice Lagoon');
  await script.activeTenant(tenant.id);

  await page.goto(`/hangfire/jobs/details/${tenant.jobId}/copy`);
  await page.getByLabel('Arguments, as JSON').fill('{"tenant":');
  await page.getByRole('button', { name: 'Enqueue the copy' }).click();
  await page.getByText('The arguments are no JSON').waitFor();
  await page.goBack();
  await page.getByLabel('Arguments, as JSON').fill(`{"tenant":"${tenant.id}"}`);
  await page.getByRole('button', { name: 'Enqueue the copy' }).click();
  await page.getByText(/^Done in /).waitFor();
  assert.ok(!page.url().includes(tenant.jobId), 'it is a job of its own');
  assertContent(story);
});

onEachDatabase(
  'a copy has the arguments, the queue and the tenant that its form says',
  async (t, database) => {
    const story = await failedTenant(t, database, { DIQUIS_JOB_ATTEMPTS: '1' });
    const { page, script, tenant: unlucky } = story;
    await story.repair();
    const lucky = await script.createTenant('Lucky Lagoon');
    await script.activeTenant(lucky.id);
    const original = await jobAsShown(page, lucky.jobId);

    await page.getByRole('link', { name: 'Copy …' }).click();
    await page.getByLabel('Queue').fill('exports');
    await page.getByLabel('Arguments, as JSON').fill(`{"tenant": "${unlucky.id}", "by": "hand"}`);
    await enqueueCopy(page);
    await page.getByText('no running server takes jobs from the queue exports').waitFor();
    const copy = await jobAsShown(page, idOnPage(page));
    assert.deepEqual(copy, { queue: 'exports', arguments: { tenant: unlucky.id, by: 'hand' } });
    assert.equal((await script.tenant(unlucky.id)).status, 'Failed');

    await page.getByRole('link', { name: 'Copy …' }).click();
    assert.equal(await page.getByLabel('Queue').inputValue(), 'exports');
    await page.getByLabel('Queue').fill('default');
    await page.getByLabel('Arguments, as JSON').fill(`{"tenant": "${unlucky.id}"}`);
    await enqueueCopy(page);
    await page.getByText(/^Done in /).waitFor();
    await script.activeTenant(unlucky.id);

    assert.deepEqual(original, { queue: 'default', arguments: { tenant: lucky.id } });
    assert.deepEqual(await jobAsShown(page, lucky.jobId), original, 'it stays as it was');
    assertContent(story);
  },
);

onEachDatabase('who is no Super Admin any more loses the open page', async (t, database) => {
  const diquis = await startDiquis(t, database);
  const { page } = await atLivePage(t, diquis);

  await database.execute(diquis, 'update users set is_super_admin = (1 = 0)');

  await page.getByText('You may not see this page.').waitFor({ timeout: soon });
  assert.equal(await page.getByRole('heading', { name: 'Succeeded' }).count(), 0);
});

onEachDatabase(
  'who lost the role behind another tab loses the page on return',
  async (t, database) => {
    const diquis = await startDiquis(t, database);
    const { page } = await atLivePage(t, diquis);
    await lookAway(page);
    await database.execute(diquis, 'update users set is_super_admin = (1 = 0)');

    await lookAgain(page);

    await page.getByText('You may not see this page.').waitFor({ timeout: soon });
  },
);

onEachDatabase('a form from another site changes nothing', async (t, database) => {
  const { script, tenant } = await failedTenant(t, database, { DIQUIS_JOB_ATTEMPTS: '1' });
  const path = `/hangfire/jobs/actions/delete/${tenant.jobId}`;

  const crossSite = await script.sendWithCookies('POST', path, {
    form: { 'form-token': 'guessed' },
    headers: { 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.test' },
  });
  const withoutToken = await script.sendWithCookies('POST', path, { form: {} });

  assert.equal(crossSite.status, 403);
  assert.equal(withoutToken.status, 403);
  const { body } = await script.sendWithCookies('GET', '/hangfire/jobs/deleted');
  assert.ok(!body.includes(tenant.jobId), 'the job is where it was');
});

onEachDatabase('a page of another site deletes nothing by its form', async (t, database) => {
  const { page, context, script, tenant } = await failedTenant(t, database, {
    DIQUIS_JOB_ATTEMPTS: '1',
  });
  await page.goto('/hangfire/jobs/failed');
  // Even one that has got hold of the token is refused.
  const token = await page.locator('input[name=form-token]').first().inputValue();
  const action = new URL('/hangfire/jobs/actions/delete', page.url());
  const form = formThatDeletes(tenant.jobId, action, token);
  const port = await openElsewhere(t, form);

  const neighbour = await pressedOn(context, `http://127.0.0.1:${port}`);
  assert.match(neighbour.cookies, /diquis-dashboard=/, 'a neighbour of the same name gets cookies');
  const stranger = await pressedOn(context, `http://localhost:${port}`);
  assert.equal(stranger.cookies, '');
  for (const { status, text } of [neighbour, stranger]) {
    assert.equal(status, 403);
    assert.match(text, /This was sent by a page of another site/);
  }
  assert.equal(await stateOf(script, tenant.jobId), 'Failed');

  await page.evaluate((html) => document.body.insertAdjacentHTML('afterbegin', html), form);
  await page.getByRole('button', { name: 'You have won' }).click();
  await page.getByText('The job was deleted.').waitFor();
  assert.equal(await stateOf(script, tenant.jobId), 'Deleted', 'the form itself is right');
});

function formThatDeletes(job, action, token) {
  return `<!doctype html><title>A prize</title>
    <form method="post" action="${action}">
      <input type="hidden" name="form-token" value="${token}">
      <input type="hidden" name="jobs" value="${job}">
      <input type="hidden" name="sure" value="yes">
      <button>You have won</button>
    </form>`;
}

// What the browser sent and was answered when the button of that page was pressed.
async function pressedOn(context, address) {
  const page = await context.newPage();
  await page.goto(address);
  const answered = page.waitForResponse((response) => response.request().method() === 'POST');
  await page.getByRole('button', { name: 'You have won' }).click();
  const response = await answered;
  const { cookie = '' } = await response.request().allHeaders();
  return { status: response.status(), text: await response.text(), cookies: cookie };
}

async function stateOf(script, job) {
  return (await script.get(`/api/jobs/${job}`)).body.state;
}

async function enqueueCopy(page) {
  await page.getByRole('button', { name: 'Enqueue the copy' }).click();
  await page.waitForURL((url) => !url.pathname.endsWith('/copy'));
}

function idOnPage(page) {
  return new URL(page.url()).pathname.split('/').at(-1);
}

// What the page of a job says that a copy may change.
async function jobAsShown(page, id) {
  await page.goto(`/hangfire/jobs/details/${id}`);
  const queue = await page.locator('a[href^="/hangfire/queues/"].mono').innerText();
  const shown = await page.getByRole('region', { name: 'Arguments' }).locator('pre').innerText();
  return { queue, arguments: JSON.parse(shown) };
}

// A Super Admin's browser and script.
async function atDashboard(t, database) {
  const diquis = await startDiquis(t, database);
  const script = await signIn(diquis.url);
  const browser = await person(t, diquis);
  await signInThere(browser.page);
  await browser.page.getByRole('heading', { name: 'Tenants', level: 1 }).waitFor();
  return { ...browser, script };
}

// A tenant whose first attempt has failed, and a Super Admin's browser and script.
async function failedTenant(t, database, settings) {
  const diquis = await startDiquis(t, database, settings);
  const script = await signIn(diquis.url);
  const repair = await database.breakProvisioning(diquis);
  const tenant = await script.createTenant('Unlucky Lagoon');
  await script.tenantThat('has failed', tenant.id, ({ status }) => status === 'Failed');

  const browser = await person(t, diquis);
  await signInThere(browser.page);
  await browser.page.getByRole('heading', { name: 'Tenants', level: 1 }).waitFor();
  return { ...browser, script, tenant, repair };
}
