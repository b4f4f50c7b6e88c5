import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { signIn, visitor } from '../lib/api.js';
import { sqlite } from '../lib/databases.js';
import { startDiquis } from '../lib/diquis.js';
import { openMailbox } from '../lib/mailbox.js';
import { signUpAndSignIn } from '../lib/signed-up.js';

// Who gets what at each route: nobody, a tenant's owner, a Super Admin.
// Bodies are empty and ids unknown, so "let in" shows as 400, 404, or the answer itself.
const routes = [
  ['GET', '/health/live', 200, 200, 200],
  ['GET', '/health/ready', 200, 200, 200],
  ['GET', '/api/openapi.json', 200, 200, 200],
  ['GET', '/metrics', 401, 403, 200],
  ['GET', '/api/me', 401, 200, 200],
  ['POST', '/api/sessions', 400, 400, 400],
  ['POST', '/api/sign-up', 400, 400, 400],
  ['POST', '/api/passwords', 400, 400, 400],
  ['GET', '/api/slugs/a-free-one', 200, 200, 200],
  ['GET', '/api/tenants', 401, 403, 200],
  ['POST', '/api/tenants', 401, 403, 400],
  ['GET', '/api/tenants/{id}', 401, 403, 404],
  ['POST', '/api/tenants/{id}/retry', 401, 403, 404],
  ['GET', '/api/tenant', 401, 200, 403],
  ['GET', '/api/mails', 401, 403, 404],
  ['GET', '/api/mails/{id}', 401, 403, 404],
  ['GET', '/api/notifications', 401, 200, 200],
  ['POST', '/api/notifications/{id}/read', 401, 404, 404],
  ['POST', '/api/notifications/read-all', 401, 204, 204],
  ['POST', '/hubs/notifications/negotiate?negotiateVersion=1', 401, 200, 200],
  ['GET', '/api/no-such-thing', 404, 404, 404],
];
