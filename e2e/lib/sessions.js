import { createHmac } from 'node:crypto';
import { until } from './until.js';

/** Two weeks are over for everyone who is signed in. */
export function expireSessions(diquis, database) {
  const longAgo = '2020-01-01T00:00:00.000000Z';
  return database.execute(diquis, `update sessions set expires_at = '${longAgo}'`);
}

/** A process believes for a moment what it knows of a session. */
export function hasExpired(person) {
  const isNobody = async () => (await person.get('/api/me')).status === 401;
  return until('the session has expired', isNobody, 10);
}

/** A token with other claims, signed as the process signs them. */
export function withClaims(token, claims, secret) {
  const [header, payload] = token.split('.');
  const said = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const says = Buffer.from(JSON.stringify({ ...said, ...claims })).toString('base64url');
  const signature = createHmac('sha256', secret).update(`${header}.${says}`).digest('base64url');
  return `${header}.${says}.${signature}`;
}
