import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { signIn } from '../lib/api.js';
import { assertContent, person, picture, signInThere, withBrowser } from '../lib/browser.js';
import { sqlite } from '../lib/databases.js';
import { admin, startDiquis } from '../lib/diquis.js';
import { mailInApp, ownersPassword, setPassword } from '../lib/owner.js';
import { assertUsable, widths } from '../lib/pages.js';
import { openScope, story } from '../lib/story.js';

withBrowser();

const widthsForPictures = [360, 768, 1440];

const scope = openScope('pages');
const world = {};

before(async () => {
  world.diquis = await startDiquis(scope, sqlite(), { DIQUIS_JOB_ATTEMPTS: '1' });
  await fill(world);
});
after(() => scope.close());

const owner = { email: 'rosa@terraba.test', password: ownersPassword };
const someToken = 'A'.repeat(43);

const pages = {
  landing: { path: '/', heading: /./ },
  'sign in': { path: '/sign-in', heading: /sign in/i },
  'set password': { path: `/set-password#token=${someToken}`, heading: /password/i },
  'not found': { path: '/no-such-page', heading: /./ },
  tenants: { who: admin, path: '/tenants', heading: 'Tenants' },
  'create tenant': { who: admin, path: '/tenants', heading: 'Tenants', open: openDialog },
  'a failed tenant': { who: admin, path: '/tenants', heading: 'Tenants', open: openFailed },
  bell: { who: admin, path: '/tenants', heading: 'Tenants', open: openBell },
  mails: { who: admin, path: '/mails', heading: /mail/i },
  home: { who: owner, path: '/home', heading: 'Térraba Boats' },
};

for (const colorScheme of ['light', 'dark']) {
  describe(`in the ${colorScheme} theme`, () => {
    for (const [name, page] of Object.entries(pages)) {
      story(`${name} can be used by everyone in the ${colorScheme} theme`, (t) =>
        visit(t, name, page, colorScheme),
      );
    }
  });
}

async function visit(t, name, { who, path, heading, open }, colorScheme) {
  const visitor = await person(t, { url: world.diquis.url, colorScheme });
  const { page } = visitor;
  if (who) {
    await signInThere(page, who);
    await page.waitForURL(/\/(tenants|home)$/);
  }
  await page.goto(path);
  await page.getByRole('heading', { level: 1, name: heading }).waitFor();
  await open?.(page);

  for (const width of widthsForPictures) {
    await page.setViewportSize({ width, height: 900 });
    // What floats follows the new width a moment later.
    await page.waitForFunction((width) => document.documentElement.scrollWidth <= width, width);
    await picture(page, `${name} ${width} ${colorScheme}`);
  }
  // What lies under an open dialog cannot be used, and need not be.
  const part = open ? '[role=dialog]' : 'body';
  for (const width of widths) await assertUsable(page, name, width, part);
  assertContent(visitor);
}

// A tenant of each kind, an owner who has signed up, mails, and notifications.
async function fill(world) {
  const { url } = world.diquis;
  const ada = await signIn(url);
  const ears = await ada.listen(scope);
  const { id } = await ada.createTenant('Boruca Weavers', 'owner@boruca.test');
  await ada.activeTenant(id);
  await signUp(ada, 'Térraba Boats', owner.email);
  const repair = await sqlite().breakProvisioning(world.diquis);
  const failed = await ada.createTenant('Unlucky Lagoon', 'owner@lagoon.test');
  await ada.tenantThat('has failed', failed.id, ({ status }) => status === 'Failed');
  await repair();
  // What was heard here is not told again on the pages.
  await ears.hearsNotificationOf(id);
  await ears.hearsNotificationOf(failed.id, 'TenantFailed');
}

async function signUp(ada, organization, email) {
  const answer = await ada.post('/api/sign-up', { organization, email });
  assert.equal(answer.status, 202);
  await setPassword(ada.url, await mailInApp(ada, email));
}

async function openDialog(page) {
  await page.getByRole('button', { name: 'Create tenant' }).click();
  await page.getByRole('dialog', { name: 'Create tenant' }).waitFor();
}

async function openFailed(page) {
  await page.getByRole('link', { name: 'Unlucky Lagoon' }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Retry/ })
    .waitFor();
}

async function openBell(page) {
  await page.getByRole('button', { name: /^Notifications/ }).click();
  await page.getByText('Tenant Boruca Weavers has been successfully provisioned.').waitFor();
}
