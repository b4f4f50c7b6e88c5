import assert from 'node:assert/strict';
import { signIn } from '../lib/api.js';
import { postgres } from '../lib/databases.js';
import { startBeside, startDiquis, startWorkerBeside } from '../lib/diquis.js';
import { story } from '../lib/story.js';
import { until } from '../lib/until.js';

story('a notification reaches the person whichever process holds the connection', async (t) => {
  const here = await startDiquis(t, await postgres(t));
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

story('what a killed process was doing, another one takes over at once', async (t) => {
  const database = await postgres(t);
  const here = await startDiquis(t, database);
  const ada = await signIn(here.url);
  const release = await database.holdUpCreatingDatabases();
  const { id } = await ada.createTenant('Left behind');
  await ada.tenantThat('is being set up', id, ({ status }) => status === 'Provisioning');
  const there = await startBeside(t, here);

  await here.kill();

  const takesOver = () => there.output.includes('their jobs run again');
  await until('the other process takes over', takesOver, 5);
  await release();
  await ada.at(there.url).activeTenant(id);
});

story('a process that only works goes on when the one that answers is gone', async (t) => {
  const database = await postgres(t);
  const web = await startDiquis(t, database);
  await startWorkerBeside(t, web);
  const ada = await signIn(web.url);
  await Promise.all(Array.from({ length: 12 }, (_, i) => ada.createTenant(`Handed over ${i}`)));

  await web.kill();

  await until('all are active', async () => {
    const statuses = await database.tenantStatuses();
    return statuses.length === 12 && statuses.every((status) => status === 'Active');
  });
});
