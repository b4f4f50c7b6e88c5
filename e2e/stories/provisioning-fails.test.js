import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { signIn } from '../lib/api.js';
import { assertContent, person, signInThere, withBrowser } from '../lib/browser.js';
import { postgresThatBreaks, sqliteThatBreaks } from '../lib/databases.js';
import { startDiquis } from '../lib/diquis.js';

withBrowser();

const databases = {
  'SQLite, something standing where the tenants belong': sqliteThatBreaks,
  'PostgreSQL, a role that may not create databases': postgresThatBreaks,
};
