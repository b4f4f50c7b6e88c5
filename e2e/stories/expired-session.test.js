import assert from 'node:assert/strict';
import { signIn, visitor } from '../lib/api.js';
import { assertContent, person, signInThere, withBrowser } from '../lib/browser.js';
import { atDashboard, atLivePage, withFailedJobs } from '../lib/dashboard.js';
import { onEachDatabase } from '../lib/databases.js';
import { startDiquis } from '../lib/diquis.js';
import { api, callOf, dashboard } from '../lib/routes.js';
import { expireSessions, hasExpired, withClaims } from '../lib/sessions.js';
import { within } from '../lib/until.js';

const secret = 'as long as the rain falls on the Osa peninsula';
const refreshing = ['POST', '/api/sessions/refresh'];

withBrowser();

onEachDatabase('an expired session gets nowhere', async (t, database) => {
  const diquis = await startDiquis(t, database);
  const script = await signIn(diquis.url);
  const renewed = await script.sendWithCookies(...refreshing);
  const overview = await script.sendWithCookies('GET', '/hangfire');
  assert.deepEqual([renewed.status, overview.status], [200, 200], 'while it lasts');

  await expireSessions(diquis, database);
  await hasExpired(script);

  assert.deepEqual(await answersOfApi(script), nobodysAnswers(api));
  assert.deepEqual(await answersOfDashboard(script), nobodysAnswers(dashboard));
  assert.equal(await script.statusOfStream('/hangfire/events'), 401);
  assert.equal((await script.get('/hangfire')).status, 401, 'with the access token');
  const refused = await visitor(diquis.url).sendWithCookies(...refreshing, {
    headers: { cookie: renewed.cookies.join('; ') },
  });
  assert.equal(refused.status, 401, 'with a refresh token that was never used');
  const anew = await signIn(diquis.url);
  assert.equal((await anew.get('/api/me')).status, 200);
});

onEachDatabase('an open page is gone when its session expires', async (t, database) => {
  const diquis = await startDiquis(t, database);
  const visitor = await atLivePage(t, diquis);
  const { page } = visitor;

  await expireSessions(diquis, database);

  await page.waitForURL('**/sign-in?returnTo=/hangfire/jobs/succeeded', { timeout: 10_000 });
  await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor();
  assert.equal(await page.getByRole('heading', { name: 'Succeeded' }).count(), 0);
  assertContent(visitor);
});

onEachDatabase('a button of an open page does nothing any more', async (t, database) => {
  const scene = await atDashboard(t, database, { javaScriptEnabled: false });
  const { page, diquis, script } = scene;
  await withFailedJobs(scene, database, 2);
  await page.goto('/hangfire/jobs/failed');
  const deleteButtons = page.getByRole('button', { name: /^Delete provision_tenant/ });
  await deleteButtons.first().click();
  await page.getByText('The job was deleted.').waitFor();

  await expireSessions(diquis, database);
  await hasExpired(script);

  await deleteButtons.first().click();
  await page.getByText('Sign in to see this page.').waitFor();
  const { Failed, Deleted } = await database.countJobs(diquis);
  assert.deepEqual({ Failed, Deleted }, { Failed: 1, Deleted: 1 });
});

onEachDatabase('the hub hangs up when a session expires', async (t, database) => {
  const diquis = await startDiquis(t, database);
  const script = await signIn(diquis.url);
  const ears = await script.listen(t);

  await expireSessions(diquis, database);

  await within(10, 'the hub to hang up', ears.hungUp);
  await assert.rejects(script.listen(t), /401/);
});

onEachDatabase(
  'the list of tenants gives way to the sign-in when its session expires',
  async (t, database) => {
    const diquis = await startDiquis(t, database);
    const visitor = await person(t, diquis);
    const { page } = visitor;
    await signInThere(page);
    await page.getByRole('heading', { name: 'Tenants', level: 1 }).waitFor();

    await expireSessions(diquis, database);

    await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor();
    assert.equal(await page.getByRole('heading', { name: 'Tenants' }).count(), 0);
    assertContent(visitor);
  },
);

onEachDatabase('a token whose time is over opens nothing', async (t, database) => {
  const { url } = await startDiquis(t, database, { DIQUIS_JWT_SECRET: secret });
  const script = await signIn(url);
  const cookie = script.cookies.find((cookie) => cookie.startsWith('diquis-dashboard='));
  const now = Math.floor(Date.now() / 1000);

  for (const [exp, me, overview] of [
    [now + 60, 200, 200],
    [now - 60, 401, 303],
  ]) {
    const token = withClaims(script.session.accessToken, { exp }, secret);
    const headers = { authorization: `Bearer ${token}` };
    assert.equal((await visitor(url).send('GET', '/api/me', { headers })).status, me);
    const [name, value] = cookie.split('=');
    const answer = await visitor(url).sendWithCookies('GET', '/hangfire', {
      headers: { cookie: `${name}=${withClaims(value, { exp }, secret)}` },
    });
    assert.equal(answer.status, overview);
  }
});

function answersOfApi(person) {
  return statuses(api, (route) => person.send(...callOf(route)));
}

function answersOfDashboard(person) {
  return statuses(dashboard, (route) => {
    const [method, path] = callOf(route);
    return person.sendWithCookies(method, path, method === 'POST' ? { form: {} } : {});
  });
}

async function statuses(rows, ask) {
  const answers = [];
  for (const [route] of rows) answers.push([route, (await ask(route)).status]);
  return answers;
}

function nobodysAnswers(rows) {
  return rows.map(([route, nobody]) => [route, nobody]);
}
