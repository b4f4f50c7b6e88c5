import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { assertContent, withBrowser } from '../lib/browser.js';
import { atDashboard } from '../lib/dashboard.js';
import { onEachDatabase } from '../lib/databases.js';

withBrowser();

onEachDatabase('what people did is read page by page, and taken away', async (t, database) => {
  const scene = await atDashboard(t, database);
  const { page, script } = scene;
  for (let i = 1; i <= 26; i += 1) await pauseAndResume(script, `=exercise "${i}"`);

  await page.goto('/hangfire/audit');
  await page.getByText('=exercise "26"', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Older' }).click();
  const first = page.getByRole('row').filter({ hasText: '=exercise "1"' });
  await first.filter({ hasText: 'pause queue' }).filter({ hasText: 'ada@diquis.test' }).waitFor();
  await page.getByRole('link', { name: 'First page' }).click();
  await page.getByText('=exercise "26"', { exact: true }).waitFor();

  const [header, newest, paused] = (await exported(page, 'CSV')).split('\r\n');
  assert.equal(header, 'number,at,actor,action,target,jobs,reason');
  assert.match(newest, /"ada@diquis\.test","resume queue","default"/);
  assert.ok(paused.endsWith(`"'=exercise ""26"""`), 'no spreadsheet takes it for a formula');
  const entries = JSON.parse(await exported(page, 'JSON'));
  assert.equal(entries.length, 52);
  const { actor, action, target, reason } = entries.at(-1);
  assert.deepEqual(
    { actor, action, target, reason },
    { actor: 'ada@diquis.test', action: 'pause queue', target: 'default', reason: '=exercise "1"' },
  );
  assertContent(scene);
});

async function pauseAndResume(script, reason) {
  const paused = await script.post('/api/job-queues/default/pause', { reason });
  const resumed = await script.post('/api/job-queues/default/resume');
  assert.deepEqual([paused.status, resumed.status], [204, 204]);
}

/** What the browser puts into its folder of downloads. */
async function exported(page, format) {
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: format, exact: true }).click();
  return readFile(await (await download).path(), 'utf8');
}
