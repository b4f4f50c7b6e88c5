import { signIn } from './api.js';
import { person, signInThere } from './browser.js';
import { startDiquis } from './diquis.js';

/** A process, and a Super Admin with a script and a browser that may see its dashboard. */
export async function atDashboard(t, database, { settings, ...browser } = {}) {
  const diquis = await startDiquis(t, database, settings);
  const script = await signIn(diquis.url);
  const visitor = await visitDashboard(t, { diquis, script }, browser);
  return { ...visitor, diquis, script };
}

/** One more browser with the session of the script. */
export async function visitDashboard(t, { diquis, script }, browser) {
  const visitor = await person(t, { url: diquis.url, ...browser });
  await visitor.context.addCookies(script.cookies.map((cookie) => named(cookie, diquis.url)));
  return visitor;
}

/** A page of the dashboard that is live, with somebody who has signed in as people do. */
export async function atLivePage(t, diquis) {
  const visitor = await person(t, diquis);
  const { page } = visitor;
  await signInThere(page);
  await page.getByRole('heading', { name: 'Tenants', level: 1 }).waitFor();
  await page.goto('/hangfire/jobs/succeeded');
  await page.getByRole('heading', { name: 'Succeeded', level: 1 }).waitFor();
  await page.getByRole('button', { name: 'Live', exact: true }).waitFor();
  return visitor;
}

/** So many failed jobs of a tenant that exists: requeued, they succeed. Resolves to the tenant. */
export async function withFailedJobs(scene, database, many) {
  const tenant = await activeTenant(scene);
  await database.failJobs(scene.diquis, many, tenant.id);
  return tenant;
}

export async function activeTenant({ script }, name = 'Busy Harbour') {
  const tenant = await script.createTenant(name);
  await script.activeTenant(tenant.id);
  return tenant;
}

function named(cookie, url) {
  const [name, value] = cookie.split(/=(.*)/);
  return { name, value, url };
}
