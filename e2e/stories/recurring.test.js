import assert from 'node:assert/strict';
import { assertContent, person, picture, signInThere, withBrowser } from '../lib/browser.js';
import { onEachDatabase } from '../lib/databases.js';
import { startDiquis } from '../lib/diquis.js';

withBrowser();

onEachDatabase(
  'what is done every night is run now, and paused with a reason',
  async (t, database) => {
    const story = await atRecurringJobs(t, database);
    const { page } = story;

    await page.getByRole('link', { name: 'forget-expired' }).click();
    await page.getByText('At 03:17, UTC').waitFor();
    assert.equal(await page.locator('.next-runs li').count(), 5);
    await page.getByRole('button', { name: 'Run now' }).click();
    await page.getByText('A run was enqueued.').waitFor();
    await page.getByRole('row').filter({ hasText: 'Succeeded' }).waitFor();
    await page.getByText('Run by ada@diquis.test on the dashboard').waitFor();

    await page.getByLabel('Reason for the pause').fill('the night is too short');
    await picture(page, `recurring job ${database.engine}`);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('on the dashboard: the night is too short').waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('goes on with its next occurrence').waitFor();

    await page.getByRole('link', { name: 'Succeeded', exact: true }).click();
    await page.getByRole('link', { name: 'forget-expired' }).waitFor();
    const log = page.getByRole('list', { name: 'Log' });
    await log.getByText('Expired sessions forgotten: 0; spent links: 0').waitFor();
    assertContent(story);
  },
);

onEachDatabase(
  'a changed schedule is shown before it counts, and outlives a restart',
  async (t, database) => {
    const story = await atRecurringJobs(t, database);
    const { page, diquis } = story;

    await page.getByRole('link', { name: 'forget-expired' }).click();
    await change(page, '0 25 * * *', 'Europe/Berlin');
    await page.getByRole('alert').filter({ hasText: '`25` is no hour' }).waitFor();
    await fill(page, '30 2 * * MON', 'Europe/Berlin');
    await page.getByText('At 02:30, on Monday, Europe/Berlin').waitFor();
    assert.match(await page.locator('.next-runs').innerText(), /^Mon .* 02:30:00 CES?T/);
    await page.getByRole('button', { name: 'Change it' }).click();
    await page.getByText('The recurring job has its new schedule.').waitFor();

    await restart(diquis, page);
    await page.goto('/hangfire/recurring');
    await page.getByRole('row').filter({ hasText: 'At 02:30, on Monday' }).waitFor();
    assertContent(story);
  },
);

onEachDatabase(
  'a recurring job is removed, and is there again after a restart',
  async (t, database) => {
    const story = await atRecurringJobs(t, database);
    const { page, diquis } = story;

    await page.getByRole('link', { name: 'forget-expired' }).click();
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('heading', { name: 'Remove forget-expired?' }).waitFor();
    await page.getByRole('button', { name: 'Remove it' }).click();
    await page.getByText('No job recurs.').waitFor();

    await restart(diquis, page);
    await page.goto('/hangfire/recurring');
    await page.getByRole('link', { name: 'forget-expired' }).waitFor();
    assertContent(story);
  },
);

async function change(page, schedule, timeZone) {
  await page.getByText('Change the schedule').click();
  await fill(page, schedule, timeZone);
}

async function fill(page, schedule, timeZone) {
  await page.getByLabel('Cron').fill(schedule);
  await page.getByLabel('Time zone').fill(timeZone);
  await page.getByRole('button', { name: 'Preview' }).click();
}

// A page that stays open would complain that nobody answers.
async function restart(diquis, page) {
  await page.goto('about:blank');
  await diquis.stop();
  await diquis.start();
}

// A Super Admin who looks at the list of recurring jobs.
async function atRecurringJobs(t, database) {
  const diquis = await startDiquis(t, database);
  const browser = await person(t, diquis);
  await signInThere(browser.page);
  await browser.page.goto('/hangfire/recurring');
  await browser.page.getByRole('heading', { name: 'Recurring jobs', level: 1 }).waitFor();
  return { ...browser, diquis };
}
