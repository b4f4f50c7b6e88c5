import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe } from 'node:test';
import { signIn } from '../lib/api.js';
import { onEachDatabase, sqlite } from '../lib/databases.js';
import { prepareDiquis, startDiquis } from '../lib/diquis.js';
import { story } from '../lib/story.js';
import { within } from '../lib/until.js';

describe('a wrong setting stops the start with one clear line', () => {
  const wrong = {
    DIQUIS_LISTEN: 'here',
    DIQUIS_DATABASE_URL: 'mysql://localhost/diquis',
    DIQUIS_ADMIN_EMAIL: 'nobody',
    DIQUIS_ADMIN_PASSWORD: 'short',
    DIQUIS_SMTP_URL: 'carrier-pigeon://loft',
    DIQUIS_PUBLIC_URL: 'somewhere',
    DIQUIS_JWT_SECRET: 'short',
    DIQUIS_WORKERS: 'many',
    DIQUIS_JOB_ATTEMPTS: '-1',
    DIQUIS_LOG: 'diquis=shouting',
  };
  for (const [setting, value] of Object.entries(wrong)) {
    story(`${setting}=${value}`, async (t) => {
      const line = await lineOfFailedStart(t, { [setting]: value });

      assert.match(line, new RegExp(setting));
    });
  }

  story('an unknown setting, which is likely a slip of the pen', async (t) => {
    const line = await lineOfFailedStart(t, { DIQUIS_WORKRES: '4' });

    assert.match(line, /DIQUIS_WORKRES/);
  });

  story('a database that does not answer, without telling its password', async (t) => {
    const line = await lineOfFailedStart(t, {
      DIQUIS_DATABASE_URL: 'postgres://diquis:sesame@127.0.0.1:1/diquis',
    });

    assert.match(line, /127\.0\.0\.1:1/);
    assert.doesNotMatch(line, /sesame/);
  });

  story('an address that is taken', async (t) => {
    const taken = createServer().listen(0, '127.0.0.1');
    t.after(() => taken.close());
    const address = await new Promise((resolve) =>
      taken.once('listening', () => resolve(`127.0.0.1:${taken.address().port}`)),
    );

    const line = await lineOfFailedStart(t, { DIQUIS_LISTEN: address });

    assert.match(line, new RegExp(address));
  });

  story('a file where the data directory belongs', async (t) => {
    const diquis = await prepareDiquis(t, sqlite());
    await writeFile(diquis.dataDir, 'in the way');

    const line = await lineOfEnd(diquis);

    assert.ok(line.includes(diquis.dataDir), line);
  });
});

onEachDatabase('SIGTERM stops it cleanly and loses no work', async (t, database) => {
  const diquis = await startDiquis(t, database);
  const ada = await signIn(diquis.url);
  const tenants = await Promise.all(
    Array.from({ length: 6 }, (_, i) => ada.createTenant(`Stopped halfway ${i}`)),
  );

  const { code } = await diquis.stop();
  await diquis.start();

  assert.equal(code, 0);
  const again = await signIn(diquis.url);
  for (const { id } of tenants) await again.activeTenant(id);
});

story('a second start finds what the first one left', async (t) => {
  const diquis = await startDiquis(t, sqlite());
  const before = await signIn(diquis.url);
  const { id } = await before.createTenant('Still here');
  await before.activeTenant(id);

  await diquis.stop();
  await diquis.start();

  const me = await before.get('/api/me');
  assert.equal(me.status, 200, 'the key that signs access tokens is kept');
  assert.equal((await before.tenant(id)).status, 'Active');
});

story('without a password for the first Super Admin, a link to set one is printed', async (t) => {
  const diquis = await startDiquis(t, sqlite(), { DIQUIS_ADMIN_PASSWORD: '' });

  const [link] = diquis.output.match(/http\S+\/set-password#token=[\w-]{43,}/) ?? [];

  assert.ok(link?.startsWith(diquis.url), diquis.output);
});

async function lineOfFailedStart(t, settings) {
  return lineOfEnd(await prepareDiquis(t, sqlite(), settings));
}

async function lineOfEnd(diquis) {
  await mkdir(diquis.folder, { recursive: true });
  diquis.launch('serve');
  const { code } = await within(20, 'the end of the process', diquis.ended);

  assert.notEqual(code, 0, 'it must not start');
  const lines = diquis.output.trim().split('\n');
  assert.equal(lines.length, 1, `one line, not:\n${diquis.output}`);
  return lines[0];
}
