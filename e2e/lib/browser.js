import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';
import { artefact } from './artefacts.js';
import { admin } from './diquis.js';
import { within } from './until.js';

let browser;

/** One Chromium for the stories of a file. */
export function withBrowser() {
  before(openBrowser);
  after(closeBrowser);
}

export async function openBrowser() {
  browser = await chromium.launch({ executablePath: chromiumPath(), args: chromiumArguments });
}

export function closeBrowser() {
  return browser?.close();
}

/** A person with a browser of their own. The test fails when a page complains in its console or asks another host. */
export async function person(
  t,
  { url, viewport = { width: 1280, height: 800 }, colorScheme = 'light', javaScriptEnabled = true },
) {
  const options = {
    baseURL: url,
    viewport,
    colorScheme,
    javaScriptEnabled,
    reducedMotion: 'reduce',
  };
  const { context, page } = await open(options).catch(async (error) => {
    t.diagnostic(`Chromium is started anew: ${error}`);
    browser.close().catch(() => {});
    await openBrowser();
    return open(options);
  });
  t.after(() => closed(t, context));
  page.setDefaultTimeout(30_000);
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !isAnswerOfApi(message))
      complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol.startsWith('http') && origin !== url)
      complaints.push(`asked another host: ${request.url()}`);
  });
  t.ifItFails(() => picture(page, `failed ${t.name}`));
  return { page, context, complaints };
}

// Chromium's own steps have no time limit in Playwright.
async function open(options) {
  const context = await within(30, 'Chromium to open a context', browser.newContext(options));
  const page = await within(30, 'Chromium to open a page', context.newPage());
  return { context, page };
}

/** Who does not close in time is closed with the browser. */
function closed(t, context) {
  const late = (error) => t.diagnostic(String(error));
  return within(15, 'Chromium to close a context', context.close()).catch(late);
}

export function assertContent({ complaints }) {
  assert.deepEqual(complaints, [], 'the pages complained');
}

/** Signs in on the page; done when the page hears the hub, so that nothing is told too early. */
export async function signInThere(page, who = admin) {
  await page.goto('/sign-in');
  await page.getByLabel('E-mail').fill(who.email);
  await page.getByLabel('Password', { exact: true }).fill(who.password);
  const listening = within(30, 'the page to listen to the hub', hearsHub(page));
  await page.getByRole('button', { name: 'Sign in' }).click();
  await listening;
}

function hearsHub(page) {
  return new Promise((resolve) => {
    page.on('websocket', (socket) => {
      if (socket.url().includes('/hubs/notifications')) socket.once('framereceived', resolve);
    });
  });
}

/** A message that floats above the page. */
export function toast(page, text) {
  const messages = page.getByRole('region', { name: 'Messages' });
  return messages.locator('[data-tone]').filter({ hasText: text });
}

/** A tenant in the list of tenants. */
export function row(page, name) {
  return page.getByRole('row').filter({ hasText: name });
}

export async function orderTenant(page, name, adminEmail = 'owner@example.test') {
  await page.getByRole('button', { name: 'Create tenant' }).click();
  const dialog = page.getByRole('dialog', { name: 'Create tenant' });
  await dialog.getByLabel('Name', { exact: true }).fill(name);
  await dialog.getByLabel('Administrator e-mail').fill(adminEmail);
  await dialog.getByRole('button', { name: 'Submit' }).click();
}

export function picture(page, name) {
  return page.screenshot({ path: artefact('screenshots', `${name}.png`), fullPage: true });
}

// Chromium reports each 4xx answer as an error; the pages have words of their own for those.
function isAnswerOfApi(message) {
  return /the server responded with a status of 4\d\d/.test(message.text());
}

function chromiumPath() {
  const known = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  return process.env.CHROMIUM ?? known.find((path) => existsSync(path)) ?? 'chromium';
}

const chromiumArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
