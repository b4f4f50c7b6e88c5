import assert from 'node:assert/strict';
import { signIn } from '../lib/api.js';
import {
  assertContent,
  orderTenant,
  person,
  picture,
  row,
  signInThere,
  toast,
  withBrowser,
} from '../lib/browser.js';
import { onEachDatabase, postgres } from '../lib/databases.js';
import { startDiquis } from '../lib/diquis.js';
import { story } from '../lib/story.js';
import { addSuperAdmin } from '../lib/super-admin.js';

withBrowser();

const started = 'Tenant creation started. You will be notified when complete.';

onEachDatabase(
  'a Super Admin creates a tenant and is told when it is ready',
  async (t, database) => {
    const diquis = await startDiquis(t, database);
    const ada = await person(t, diquis);
    const bo = await person(t, diquis);
    await signInThere(ada.page);
    await signInThere(bo.page, await addSuperAdmin(diquis, database));
    await bo.page.getByRole('heading', { name: 'Tenants', level: 1 }).waitFor();

    await orderTenant(ada.page, 'Boruca Weavers', 'owner@boruca.test');

    await ada.page.getByText(started).waitFor();
    const success = toast(ada.page, 'Tenant Boruca Weavers has been successfully provisioned.');
    await success.waitFor();
    assert.equal(await isGreen(success), true, 'the toast is green');
    await row(ada.page, 'Boruca Weavers').getByText('Active', { exact: true }).waitFor();
    await picture(ada.page, `toast ${database.engine}`);

    await row(bo.page, 'Boruca Weavers').getByText('Active', { exact: true }).waitFor();
    assert.equal(await toast(bo.page, /Boruca Weavers/).count(), 0, 'nobody else gets the toast');
    assertContent(ada);
    assertContent(bo);
  },
);

onEachDatabase('whoever was away is told once, and finds it in the bell', async (t, database) => {
  const news = 'Tenant Made while away has been successfully provisioned.';
  const diquis = await startDiquis(t, database);
  const ada = await signIn(diquis.url);
  const { id } = await ada.createTenant('Made while away');
  await ada.activeTenant(id);

  const { page, ...browser } = await person(t, diquis);
  await signInThere(page);

  await toast(page, news).waitFor();
  assert.equal(await toast(page, news).count(), 1, 'one toast');
  await page.getByRole('button', { name: 'Notifications, 1 unread' }).click();
  const entry = page.getByRole('link').filter({ hasText: news });
  await entry.waitFor();
  assert.equal(await entry.count(), 1, 'one entry');
  await picture(page, `bell ${database.engine}`);
  await page.getByRole('button', { name: 'Mark all as read' }).click();
  await page.getByRole('button', { name: 'Notifications, 0 unread' }).waitFor();
  assert.equal((await ada.get('/api/notifications?unread=true')).body.unreadCount, 0);

  await page.reload();
  await page.getByRole('button', { name: 'Notifications, 0 unread' }).waitFor();
  await orderTenant(page, 'Made since', 'owner@since.test');
  await toast(page, 'Tenant Made since has been successfully provisioned.').waitFor();
  assert.equal(await toast(page, news).count(), 0, 'it is not told again');
  assertContent({ page, ...browser });
});

story('the row shows the step that is running, and the page stays usable meanwhile', async (t) => {
  const database = await postgres(t);
  const diquis = await startDiquis(t, database);
  const { page } = await person(t, diquis);
  await signInThere(page);
  await page.getByRole('heading', { name: 'Tenants', level: 1 }).waitFor();
  const release = await database.holdUpCreatingDatabases();

  await orderTenant(page, 'Slow Foundations', 'owner@slow.test');

  await row(page, 'Slow Foundations').getByText('Provisioning', { exact: true }).waitFor();
  await row(page, 'Slow Foundations').getByText('Create database').waitFor();
  await picture(page, 'provisioning');
  await orderTenant(page, 'Next in Line', 'owner@next.test');
  await release();
  await row(page, 'Slow Foundations').getByText('Active', { exact: true }).waitFor();
  await row(page, 'Next in Line').getByText('Active', { exact: true }).waitFor();
});

story('the form says what is wrong before and after it is sent', async (t) => {
  const diquis = await startDiquis(t, await postgres(t));
  const ada = await signIn(diquis.url);
  await ada.createTenant('Taken Already');
  const { page } = await person(t, diquis);
  await signInThere(page);

  await orderTenant(page, 'Taken Already', 'owner@taken.test');

  const dialog = page.getByRole('dialog');
  await dialog.getByText(/taken/i).first().waitFor();
  assert.equal(
    await dialog.getByLabel('Name', { exact: true }).inputValue(),
    'Taken Already',
    'nothing is lost',
  );
  await picture(page, 'slug taken');
});

// The toast carries the colour for success, #1d7a3f in the light theme, somewhere within.
function isGreen(locator) {
  return locator.evaluate((element) => {
    const green = 'rgb(29, 122, 63)';
    const all = [element, ...element.querySelectorAll('*')];
    return all.some((each) => {
      const { color, backgroundColor, borderLeftColor, fill } = getComputedStyle(each);
      return [color, backgroundColor, borderLeftColor, fill].includes(green);
    });
  });
}
