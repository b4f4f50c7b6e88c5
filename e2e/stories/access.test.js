import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { signIn, visitor } from '../lib/api.js';
import { sqlite } from '../lib/databases.js';
import { startDiquis } from '../lib/diquis.js';
import { openMailbox } from '../lib/mailbox.js';
import { signUpAndSignIn } from '../lib/owner.js';
import { openScope } from '../lib/story.js';

// Who gets which answer: nobody, a tenant's owner, a Super Admin. Bodies are empty and ids unknown,
// so whoever is let in gets 400 or 404 where there is nothing to answer.
const api = [
  ['GET /health/live', 200, 200, 200],
  ['GET /health/ready', 200, 200, 200],
  ['GET /api/openapi.json', 200, 200, 200],
  ['GET /metrics', 401, 403, 200],
  ['POST /api/sessions', 400, 400, 400],
  ['POST /api/sessions/refresh', 401, 401, 401],
  ['GET /api/me', 401, 200, 200],
  ['POST /api/sign-up', 400, 400, 400],
  ['POST /api/passwords', 400, 400, 400],
  ['GET /api/slugs/{slug}', 200, 200, 200],
  ['GET /api/tenants', 401, 403, 200],
  ['POST /api/tenants', 401, 403, 400],
  ['GET /api/tenants/{id}', 401, 403, 404],
  ['POST /api/tenants/{id}/retry', 401, 403, 404],
  ['GET /api/tenant', 401, 200, 403],
  ['GET /api/mails', 401, 403, 404],
  ['GET /api/mails/{id}', 401, 403, 404],
  ['GET /api/notifications', 401, 200, 200],
  ['POST /api/notifications/{id}/read', 401, 404, 404],
  ['POST /api/notifications/read-all', 401, 204, 204],
  ['GET /api/jobs', 401, 403, 200],
  ['GET /api/jobs/{id}', 401, 403, 404],
  ['POST /api/jobs/{id}/{command}', 401, 403, 404],
  ['GET /api/job-engine', 401, 403, 200],
  ['GET /api/job-errors', 401, 403, 200],
  ['GET /api/job-audit', 401, 403, 200],
  ['GET /api/job-operations', 401, 403, 200],
  ['POST /api/job-operations', 401, 403, 400],
  ['GET /api/job-operations/{id}', 401, 403, 404],
  ['POST /api/job-operations/{id}/stop', 401, 403, 404],
  ['GET /api/jobs/{id}/log', 401, 403, 404],
  ['POST /api/jobs/{id}/copies', 401, 403, 404],
  ['GET /api/job-throughput', 401, 403, 200],
  ['GET /api/job-kinds', 401, 403, 200],
  ['GET /api/job-queues', 401, 403, 200],
  ['POST /api/job-queues/{queue}/pause', 401, 403, 400],
  ['POST /api/job-queues/{queue}/resume', 401, 403, 409],
  ['GET /api/job-limits', 401, 403, 200],
  ['PUT /api/job-limits/{of}/{name}', 401, 403, 400],
  ['DELETE /api/job-limits/{of}/{name}', 401, 403, 409],
  ['GET /api/job-servers', 401, 403, 200],
  ['POST /api/job-servers/{id}/{order}', 401, 403, 404],
  ['GET /api/job-batches', 401, 403, 200],
  ['GET /api/job-batches/{id}', 401, 403, 404],
  ['GET /api/recurring-jobs', 401, 403, 200],
  ['GET /api/recurring-jobs/{id}', 401, 403, 404],
  ['DELETE /api/recurring-jobs/{id}', 401, 403, 404],
  ['GET /api/recurring-jobs/{id}/runs', 401, 403, 404],
  ['POST /api/recurring-jobs/{id}/run', 401, 403, 404],
  ['POST /api/recurring-jobs/{id}/pause', 401, 403, 404],
  ['POST /api/recurring-jobs/{id}/resume', 401, 403, 404],
  ['PUT /api/recurring-jobs/{id}/schedule', 401, 403, 400],
  ['POST /hubs/notifications/negotiate?negotiateVersion=1', 401, 200, 200],
  ['GET /api/no-such-thing', 404, 404, 404],
];
const signOut = 'DELETE /api/sessions/current';

// The dashboard knows people by their cookies, and shows a stranger the way to sign in. A form
// without its token is nobody's, a Super Admin's neither.
const dashboard = [
  ['GET /hangfire', 303, 403, 200],
  ['GET /hangfire/jobs', 303, 403, 200],
  ['GET /hangfire/jobs/enqueued', 303, 403, 200],
  ['GET /hangfire/jobs/awaiting', 303, 403, 200],
  ['GET /hangfire/jobs/processing', 303, 403, 200],
  ['GET /hangfire/jobs/scheduled', 303, 403, 200],
  ['GET /hangfire/jobs/succeeded', 303, 403, 200],
  ['GET /hangfire/jobs/failed', 303, 403, 200],
  ['GET /hangfire/jobs/deleted', 303, 403, 200],
  ['GET /hangfire/retries', 303, 403, 200],
  ['GET /hangfire/servers', 303, 403, 200],
  ['GET /hangfire/queues', 303, 403, 200],
  ['GET /hangfire/queues/no-such-queue', 303, 403, 404],
  ['GET /hangfire/kinds', 303, 403, 200],
  ['GET /hangfire/batches', 303, 403, 200],
  ['GET /hangfire/batches/{id}', 303, 403, 404],
  ['GET /hangfire/errors', 303, 403, 200],
  ['GET /hangfire/recurring', 303, 403, 200],
  ['GET /hangfire/recurring/forget-expired', 303, 403, 200],
  ['GET /hangfire/operations', 303, 403, 200],
  ['GET /hangfire/operations/new?action=delete&q=state:failed', 303, 403, 200],
  ['GET /hangfire/operations/{id}', 303, 403, 404],
  ['GET /hangfire/audit', 303, 403, 200],
  ['GET /hangfire/audit/audit.csv', 303, 403, 200],
  ['GET /hangfire/audit/audit.json', 303, 403, 200],
  ['GET /hangfire/jobs/details/{id}', 303, 403, 404],
  ['GET /hangfire/jobs/details/{id}/copy', 303, 403, 404],
  ['GET /hangfire/no-such-page', 303, 403, 404],
  ['POST /hangfire/jobs/actions/delete', 401, 403, 403],
  ['POST /hangfire/jobs/actions/requeue/{id}', 401, 403, 403],
  ['POST /hangfire/jobs/copies/{id}', 401, 403, 403],
  ['POST /hangfire/queues/actions/pause', 401, 403, 403],
  ['POST /hangfire/servers/actions/stop', 401, 403, 403],
  ['POST /hangfire/recurring/remove/forget-expired', 401, 403, 403],
  ['POST /hangfire/operations', 401, 403, 403],
  ['POST /hangfire/operations/{id}/stop', 401, 403, 403],
  ['POST /hangfire/theme', 401, 403, 403],
];

const scope = openScope('access');
const people = {};

before(async () => {
  const mailbox = await openMailbox(scope);
  const { url } = await startDiquis(scope, sqlite(), { DIQUIS_SMTP_URL: mailbox.url });
  people.nobody = visitor(url);
  people['an owner'] = await signUpAndSignIn(url, mailbox, 'Térraba Boats', 'rosa@terraba.test');
  people['a Super Admin'] = await signIn(url);
});
after(() => scope.close());

describe('the API answers by role', () => {
  for (const [route, ...statuses] of api) {
    test(route, async () => {
      assert.deepEqual(await answers((person) => person.send(...callOf(route))), statuses);
    });
  }
});

describe('the dashboard is for Super Admins alone', () => {
  for (const [route, ...statuses] of dashboard) {
    test(route, async () => {
      const [method, path] = callOf(route);
      const form = method === 'POST' ? { form: {} } : {};
      const answer = (person) => person.sendWithCookies(method, path, form);
      assert.deepEqual(await answers(answer), statuses);
    });
  }
});

test('each route of the API has a row in the table', async () => {
  const { body } = await people.nobody.get('/api/openapi.json');
  const described = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );

  const rows = new Set([...api.map(([route]) => route), signOut]);
  assert.deepEqual(
    described.filter((route) => !rows.has(route)),
    [],
  );
});

test('an access token that was tampered with is no access token', async () => {
  const { accessToken } = people['a Super Admin'].session;
  const [header, payload] = accessToken.split('.');
  const forged = [
    `${header}.${payload}.`,
    `${accessToken.slice(0, -2)}AA`,
    `${unsignedHeader()}.${payload}.`,
    `${accessToken}.x`,
    'x',
  ];

  for (const token of forged) {
    const { status } = await people.nobody.send('GET', '/api/me', {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(status, 401, token);
  }
});

test('an access token in the address counts on the path of the hub alone', async () => {
  const { accessToken } = people['a Super Admin'].session;

  const api = await people.nobody.get(`/api/me?access_token=${accessToken}`);
  const page = await people.nobody.get(`/hangfire?access_token=${accessToken}`);

  assert.equal(api.status, 401);
  assert.notEqual(page.status, 200);
});

test('whoever signs out is nobody again, at once', async () => {
  assert.deepEqual(await answers((person) => person.send(...callOf(signOut))), [204, 204, 204]);

  assert.deepEqual(await answers((person) => person.get('/api/me')), [401, 401, 401]);
  const dashboard = (person) => person.sendWithCookies('GET', '/hangfire');
  assert.deepEqual(await answers(dashboard), [303, 303, 303]);
});

async function answers(ask) {
  const statuses = [];
  for (const person of Object.values(people)) statuses.push((await ask(person)).status);
  return statuses;
}

function callOf(route) {
  const [method, path] = route.split(' ');
  const filled = path
    .replace('{id}', randomUUID())
    .replace('{slug}', 'a-free-one')
    .replace('{command}', 'requeue')
    .replace('{queue}', 'default')
    .replace('{of}', 'queue')
    .replace('{name}', 'default')
    .replace('{order}', 'quiet');
  return [
    method,
    filled,
    /POST|PUT/.test(method) && !/read|retry|refresh|hub/.test(path) ? { body: {} } : {},
  ];
}

function unsignedHeader() {
  return Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
}
