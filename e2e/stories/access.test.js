import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { signIn, visitor } from '../lib/api.js';
import { describeOnEachDatabase } from '../lib/databases.js';
import { startDiquis } from '../lib/diquis.js';
import { openMailbox } from '../lib/mailbox.js';
import { signUpAndSignIn } from '../lib/owner.js';
import { api, callOf, dashboard, signOut } from '../lib/routes.js';
import { openScope } from '../lib/story.js';

const anyId = /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/;

describeOnEachDatabase('who gets which answer', (open) => {
  const scope = openScope('access');
  const people = {};

  before(async () => {
    const mailbox = await openMailbox(scope);
    const settings = { DIQUIS_SMTP_URL: mailbox.url };
    const { url } = await startDiquis(scope, await open(scope), settings);
    people.nobody = visitor(url);
    people['an owner'] = await signUpAndSignIn(url, mailbox, 'Térraba Boats', 'rosa@terraba.test');
    people['a Super Admin'] = await signIn(url);
  });
  after(() => scope.close());

  describe('the API answers by role', () => answersOfApi(people));
  describe('the dashboard is for Super Admins alone', () => answersOfDashboard(people));
  describe('an access token is taken as it was given', () => accessTokens(people));
  test('whoever signs out is nobody again, at once', () => signingOut(people));
});

function answersOfApi(people) {
  for (const [route, ...statuses] of api) {
    test(route, async () => {
      assert.deepEqual(await answers(people, (person) => person.send(...callOf(route))), statuses);
    });
  }

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
}

function answersOfDashboard(people) {
  for (const [route, ...statuses] of dashboard) {
    test(route, async () => {
      const [method, path] = callOf(route);
      const form = method === 'POST' ? { form: {} } : {};
      const answer = (person) => person.sendWithCookies(method, path, form);
      assert.deepEqual(await answers(people, answer), statuses);
    });
  }

  test('each form on its pages has a row in the table', async () => {
    const rows = new Set(dashboard.map(([route]) => route));
    const actions = await actionsOnPages(people['a Super Admin']);

    assert.ok(actions.size > 5, `they have forms: ${[...actions]}`);
    assert.deepEqual(
      [...actions].filter((action) => !rows.has(action)),
      [],
    );
  });

  test('what its pages are made of', async () => {
    const { body } = await people['a Super Admin'].sendWithCookies('GET', '/hangfire');
    const files = new Set(body.match(/\/hangfire\/assets\/[\w.-]+/g));

    assert.equal(files.size, 3);
    for (const file of files) {
      const answer = (person) => person.sendWithCookies('GET', file);
      assert.deepEqual(await answers(people, answer), [303, 403, 200], file);
    }
  });

  test('the stream of what happens', async () => {
    const statuses = [];
    for (const person of Object.values(people))
      statuses.push(await person.statusOfStream('/hangfire/events'));
    assert.deepEqual(statuses, [401, 403, 200]);
  });
}

async function actionsOnPages(superAdmin) {
  const pages = dashboard.filter(([route, , , status]) => /^GET/.test(route) && status === 200);
  const actions = new Set();
  for (const [route] of pages) {
    const [method, path] = callOf(route);
    const { body } = await superAdmin.sendWithCookies(method, path);
    const forms = String(body).matchAll(/(?:method="post" action|formaction)="([^"?]+)/g);
    for (const [, address] of forms) actions.add(`POST ${address.replace(anyId, '{id}')}`);
  }
  return actions;
}

function accessTokens(people) {
  test('an access token that was tampered with is no access token', async () => {
    const { accessToken } = people['a Super Admin'].session;
    const [header, payload] = accessToken.split('.');
    const forged = [
      `${header}.${payload}.`,
      `${accessToken.slice(0, -2)}${accessToken.endsWith('AA') ? 'BB' : 'AA'}`,
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
}

async function signingOut(people) {
  const signedOut = await answers(people, (person) => person.send(...callOf(signOut)));
  assert.deepEqual(signedOut, [204, 204, 204]);

  assert.deepEqual(await answers(people, (person) => person.get('/api/me')), [401, 401, 401]);
  const dashboard = (person) => person.sendWithCookies('GET', '/hangfire');
  assert.deepEqual(await answers(people, dashboard), [303, 303, 303]);
}

async function answers(people, ask) {
  const statuses = [];
  for (const person of Object.values(people)) statuses.push((await ask(person)).status);
  return statuses;
}

function unsignedHeader() {
  return Buffer.from(JSON.stringify({ alg: 'none', typ: 'JWT' })).toString('base64url');
}
