import assert from 'node:assert/strict';
import { visitor } from '../lib/api.js';
import { assertContent, person, picture, signInThere, withBrowser } from '../lib/browser.js';
import { onEachDatabase } from '../lib/databases.js';
import { startDiquis } from '../lib/diquis.js';
import { openMailbox } from '../lib/mailbox.js';
import { linkIn, ownersPassword } from '../lib/owner.js';

withBrowser();

const thanks = 'Thanks for signing up! Check your email shortly for your login details.';
const owner = { email: 'rosa@terraba.test', password: ownersPassword };

onEachDatabase('a visitor signs up and ends on their own tenant', async (t, database) => {
  const mailbox = await openMailbox(t);
  const diquis = await startDiquis(t, database, {
    DIQUIS_SMTP_URL: mailbox.url,
    DIQUIS_LOG: 'debug',
  });
  const rosa = await person(t, diquis);
  const { page } = rosa;
  const sockets = [];
  page.on('websocket', (socket) => sockets.push(socket.url()));

  await page.goto('/');
  await page.getByLabel('Organization').fill('Térraba Boats');
  await page.getByLabel(/e-mail/i).fill(owner.email);
  await page.getByRole('button', { name: 'Register' }).click();
  await page.getByText(thanks).waitFor();
  await picture(page, `thanks ${database.engine}`);

  const mail = await mailbox.first(owner.email);
  assert.deepEqual(sockets, [], 'no hub speaks to a visitor');
  assertIsWelcome(mail, diquis);

  const link = linkIn(mail);
  await page.goto(link.href);
  await page.getByLabel('Password', { exact: true }).fill(owner.password);
  await page.getByRole('button', { name: 'Set password' }).click();
  await page.getByText(/password is set/i).waitFor();
  await signInThere(page, owner);

  await page.waitForURL('**/home');
  await page.getByRole('heading', { name: 'Térraba Boats' }).waitFor();
  await page.getByText(owner.email).first().waitFor();
  for (const seeded of ['Owner', 'Member', 'locale']) {
    await page.getByText(seeded).first().waitFor();
  }
  await picture(page, `home ${database.engine}`);

  const welcomes = mailbox.mails.filter(({ subject }) => subject === mail.subject);
  assert.equal(welcomes.length, 1, 'one welcome mail');
  await assertSpent(page, link);
  await assertNothingSecretIsLogged(diquis, link);
  assertContent(rosa);
});

onEachDatabase('the answer does not tell whether an address is known', async (t, database) => {
  const mailbox = await openMailbox(t);
  const diquis = await startDiquis(t, database, { DIQUIS_SMTP_URL: mailbox.url });
  const someone = visitor(diquis.url);

  const first = await someone.post('/api/sign-up', {
    organization: 'First One',
    email: 'same@example.test',
  });
  const second = await someone.post('/api/sign-up', {
    organization: 'Second One',
    email: 'same@example.test',
  });

  assert.equal(first.status, 202);
  assert.deepEqual([second.status, second.body], [first.status, first.body]);
  assert.equal(first.body.message, thanks);
});

function assertIsWelcome(mail, diquis) {
  assert.equal(mail.to[0].address, owner.email);
  assert.match(mail.text, new RegExp(`${diquis.url}/sign-in`), 'where to sign in');
  assert.ok(mail.text.includes(owner.email), 'the user name');
  assert.ok(mail.html?.includes('/set-password#token='), 'the same in HTML');
  assert.match(mail.messageId ?? '', /^<.+@.+>$/);
  const token = linkIn(mail).hash.replace('#token=', '');
  assert.ok(Buffer.from(token, 'base64url').length >= 32, 'at least 256 bits');
}

async function assertSpent(page, link) {
  const token = link.hash.replace('#token=', '');
  const again = await visitor(link.origin).post('/api/passwords', {
    token,
    password: 'another delta entirely',
  });
  assert.equal(again.status, 400);
  assert.ok(again.body.errors.token, JSON.stringify(again.body));

  await page.goto('about:blank');
  await page.goto(link.href);
  await page.getByLabel('Password', { exact: true }).fill('another delta entirely');
  await page.getByRole('button', { name: 'Set password' }).click();
  await page
    .getByText(/used|expired|no longer/i)
    .first()
    .waitFor();
}

async function assertNothingSecretIsLogged(diquis, link) {
  const token = link.hash.replace('#token=', '');
  assert.ok(!diquis.output.includes(token), 'the log holds no link');
  assert.ok(!diquis.output.includes(owner.password), 'the log holds no password');
  assert.ok(!/access_token=(?!\*|…|redacted)\S/i.test(diquis.output), 'nor an access token');
}
