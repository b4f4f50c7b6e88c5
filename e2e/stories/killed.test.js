import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { signIn } from '../lib/api.js';
import { onEachDatabase } from '../lib/databases.js';
import { startDiquis } from '../lib/diquis.js';
import { openMailbox } from '../lib/mailbox.js';
import { randomFrom } from '../lib/random.js';

const tenants = Number(process.env.TENANTS ?? 20);
const perRound = 3;

onEachDatabase(
  'killed at random moments, each tenant ends active with one database and one owner',
  async (t, database) => {
    const random = randomFrom(t);
    const mailbox = await openMailbox(t);
    const diquis = await startDiquis(t, database, { DIQUIS_SMTP_URL: mailbox.url });
    const orders = Array.from({ length: tenants }, (_, i) => order(i));

    const asker = await signIn(diquis.url);
    let kills = 0;
    for (let sent = 0; sent < tenants; sent += perRound) {
      const round = orders.slice(sent, sent + perRound).map((one) => place(asker, one));
      await pause(random.between(0, 250));
      await diquis.kill();
      kills += 1;
      await Promise.all(round);
      await diquis.start();
    }

    const ada = await signIn(diquis.url);
    for (const one of orders.filter((one) => !one.id)) await place(ada, one);
    for (const { id } of orders) await ada.activeTenant(id, 60 + tenants);
    for (const { adminEmail } of orders) await mailbox.first(adminEmail);
    t.diagnostic(`${kills} kills, ${mailbox.mails.length - tenants} mails sent again`);

    const { body } = await ada.get('/api/tenants?pageSize=100');
    assert.equal(body.total, tenants, 'no order made two tenants');
    await diquis.stop();
    const owners = await database.ownersByTenantDatabase(diquis);
    assert.equal(owners.length, tenants, 'each tenant has one database and none is left over');
    assert.deepEqual(
      owners.flat().sort(),
      orders.map(({ adminEmail }) => adminEmail).sort(),
      'each database has one owner',
    );
    const messages = new Set(mailbox.mails.map(({ messageId }) => messageId));
    assert.equal(messages.size, tenants, 'a mail that is sent again is the same message');
  },
  240 + 12 * tenants,
);

function order(i) {
  return { key: randomUUID(), name: `Survivor ${i}`, adminEmail: `owner-${i}@example.test` };
}

/** The kill may take the answer away; the same order is then placed again, under the same key. */
async function place(ada, one) {
  const { key, name, adminEmail } = one;
  try {
    const answer = await ada.post('/api/tenants', { name, adminEmail }, { 'idempotency-key': key });
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
    one.id = answer.body.id;
  } catch (error) {
    if (error.name === 'AssertionError') throw error;
  }
}
