import assert from 'node:assert/strict';
import { signIn } from '../lib/api.js';
import { postgres } from '../lib/databases.js';
import { startBeside, startDiquis, startWorkerBeside } from '../lib/diquis.js';
import { story } from '../lib/story.js';

const shared = { DIQUIS_JWT_SECRET: 'c0ffee'.repeat(11) };

story('a notification reaches the person whichever process holds the connection', async (t) => {
  const here = await startDiquis(t, await postgres(t), { ...shared, DIQUIS_WORKERS: '1' });
  const there = await startBeside(t, here);
  const ada = await signIn(here.url);
  const sameAda = ada.at(there.url);
  const ears = [await ada.listen(t), await sameAda.listen(t)];

  const { id } = await ada.createTenant('Told everywhere');

  for (const ear of ears) {
    const [type, message, details] = (await ear.hearsNotificationOf(id)).args;
    assert.equal(type, 'Success');
    assert.equal(message, 'Tenant Told everywhere has been successfully provisioned.');
    assert.equal(details.tenantId, id);
  }
});

story('when a process is killed, the other one finishes its work at once', async (t) => {
  const here = await startDiquis(t, await postgres(t), shared);
  const there = await startBeside(t, here);
  const ada = await signIn(here.url);
  const tenants = await Promise.all(
    Array.from({ length: 12 }, (_, i) => ada.createTenant(`Left behind ${i}`)),
  );

  await here.kill();

  const sameAda = ada.at(there.url);
  for (const { id } of tenants) await sameAda.activeTenant(id, 20);
});

story(
  'a process for work alone provisions what a process without workers was asked for',
  async (t) => {
    const web = await startDiquis(t, await postgres(t), { ...shared, DIQUIS_WORKERS: '0' });
    const ada = await signIn(web.url);
    const ear = await ada.listen(t);
    const { id } = await ada.createTenant('Made elsewhere');
    assert.equal((await ada.tenant(id)).status, 'Pending');

    await startWorkerBeside(t, web, { DIQUIS_WORKERS: '2' });

    await ear.hearsNotificationOf(id);
    assert.equal((await ada.tenant(id)).status, 'Active');
  },
);
