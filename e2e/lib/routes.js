import { randomUUID } from 'node:crypto';

// Who gets which answer: nobody, a tenant's owner, a Super Admin. Bodies are empty and ids unknown,
// so whoever is let in gets 400 or 404 where there is nothing to answer.
export const api = [
  ['GET /health/live', 200, 200, 200],
  ['GET /health/ready', 200, 200, 200],
  ['GET /api/openapi.json', 200, 200, 200],
  ['GET /metrics', 401, 403, 200],
  ['POST /api/sessions', 400, 400, 400],
  ['POST /api/sessions/refresh', 401, 401, 401],
  ['GET /api/me', 401, 200, 200],
  ['POST /api/sign-up', 400, 400, 400],
  ['POST /api/passwords', 400, 400, 400],
  ['GET /api/slugs/{slug}', 200, 200, 200],
  ['GET /api/tenants', 401, 403, 200],
  ['POST /api/tenants', 401, 403, 400],
  ['GET /api/tenants/{id}', 401, 403, 404],
  ['POST /api/tenants/{id}/retry', 401, 403, 404],
  ['GET /api/tenant', 401, 200, 403],
  ['GET /api/mails', 401, 403, 404],
  ['GET /api/mails/{id}', 401, 403, 404],
  ['GET /api/notifications', 401, 200, 200],
  ['POST /api/notifications/{id}/read', 401, 404, 404],
  ['POST /api/notifications/read-all', 401, 204, 204],
  ['GET /api/jobs', 401, 403, 200],
  ['GET /api/jobs/{id}', 401, 403, 404],
  ['POST /api/jobs/{id}/{command}', 401, 403, 404],
  ['GET /api/job-engine', 401, 403, 200],
  ['GET /api/job-errors', 401, 403, 200],
  ['GET /api/job-audit', 401, 403, 200],
  ['GET /api/job-operations', 401, 403, 200],
  ['POST /api/job-operations', 401, 403, 400],
  ['GET /api/job-operations/{id}', 401, 403, 404],
  ['POST /api/job-operations/{id}/stop', 401, 403, 404],
  ['GET /api/jobs/{id}/log', 401, 403, 404],
  ['POST /api/jobs/{id}/copies', 401, 403, 404],
  ['GET /api/job-throughput', 401, 403, 200],
  ['GET /api/job-kinds', 401, 403, 200],
  ['GET /api/job-queues', 401, 403, 200],
  ['POST /api/job-queues/{queue}/pause', 401, 403, 400],
  ['POST /api/job-queues/{queue}/resume', 401, 403, 409],
  ['GET /api/job-limits', 401, 403, 200],
  ['PUT /api/job-limits/{of}/{name}', 401, 403, 400],
  ['DELETE /api/job-limits/{of}/{name}', 401, 403, 409],
  ['GET /api/job-servers', 401, 403, 200],
  ['POST /api/job-servers/{id}/{order}', 401, 403, 404],
  ['GET /api/job-batches', 401, 403, 200],
  ['GET /api/job-batches/{id}', 401, 403, 404],
  ['GET /api/recurring-jobs', 401, 403, 200],
  ['GET /api/recurring-jobs/{id}', 401, 403, 404],
  ['DELETE /api/recurring-jobs/{id}', 401, 403, 404],
  ['GET /api/recurring-jobs/{id}/runs', 401, 403, 404],
  ['POST /api/recurring-jobs/{id}/run', 401, 403, 404],
  ['POST /api/recurring-jobs/{id}/pause', 401, 403, 404],
  ['POST /api/recurring-jobs/{id}/resume', 401, 403, 404],
  ['PUT /api/recurring-jobs/{id}/schedule', 401, 403, 400],
  ['POST /hubs/notifications/negotiate?negotiateVersion=1', 401, 200, 200],
  ['GET /api/no-such-thing', 404, 404, 404],
];
export const signOut = 'DELETE /api/sessions/current';

// Without its token a form is nobody's, a Super Admin's neither.
const forms = [
  'jobs/actions/requeue',
  'jobs/actions/trigger',
  'jobs/actions/delete',
  'jobs/actions/requeue/{id}',
  'jobs/actions/trigger/{id}',
  'jobs/actions/delete/{id}',
  'jobs/copies/{id}',
  'queues/actions/pause',
  'queues/actions/resume',
  'queues/actions/limit',
  'queues/actions/unlimit',
  'servers/actions/quiet',
  'servers/actions/work',
  'servers/actions/stop',
  'recurring/run/forget-expired',
  'recurring/pause/forget-expired',
  'recurring/resume/forget-expired',
  'recurring/reschedule/forget-expired',
  'recurring/remove/forget-expired',
  'operations',
  'operations/{id}/stop',
  'theme',
];

// The dashboard knows people by their cookies, and shows a stranger the way to sign in.
export const dashboard = [
  ['GET /hangfire', 303, 403, 200],
  ['GET /hangfire/', 308, 308, 308],
  ['GET /hangfire/jobs', 303, 403, 200],
  ['GET /hangfire/jobs/enqueued', 303, 403, 200],
  ['GET /hangfire/jobs/awaiting', 303, 403, 200],
  ['GET /hangfire/jobs/processing', 303, 403, 200],
  ['GET /hangfire/jobs/scheduled', 303, 403, 200],
  ['GET /hangfire/jobs/succeeded', 303, 403, 200],
  ['GET /hangfire/jobs/failed', 303, 403, 200],
  ['GET /hangfire/jobs/deleted', 303, 403, 200],
  ['GET /hangfire/retries', 303, 403, 200],
  ['GET /hangfire/servers', 303, 403, 200],
  ['GET /hangfire/queues', 303, 403, 200],
  ['GET /hangfire/queues/no-such-queue', 303, 403, 404],
  ['GET /hangfire/kinds', 303, 403, 200],
  ['GET /hangfire/batches', 303, 403, 200],
  ['GET /hangfire/batches/{id}', 303, 403, 404],
  ['GET /hangfire/errors', 303, 403, 200],
  ['GET /hangfire/recurring', 303, 403, 200],
  ['GET /hangfire/recurring/forget-expired', 303, 403, 200],
  ['GET /hangfire/operations', 303, 403, 200],
  ['GET /hangfire/operations/new?action=delete&q=state:failed', 303, 403, 200],
  ['GET /hangfire/operations/{id}', 303, 403, 404],
  ['GET /hangfire/audit', 303, 403, 200],
  ['GET /hangfire/audit/audit.csv', 303, 403, 200],
  ['GET /hangfire/audit/audit.json', 303, 403, 200],
  ['GET /hangfire/jobs/details/{id}', 303, 403, 404],
  ['GET /hangfire/jobs/details/{id}/copy', 303, 403, 404],
  ['GET /hangfire/assets/no-such-file.js', 303, 403, 404],
  ['GET /hangfire/no-such-page', 303, 403, 404],
  ...forms.map((path) => [`POST /hangfire/${path}`, 401, 403, 403]),
];

/** The method, the path and what is sent along of a row. */
export function callOf(route) {
  const [method, path] = route.split(' ');
  const filled = path
    .replace('{id}', randomUUID())
    .replace('{slug}', 'a-free-one')
    .replace('{command}', 'requeue')
    .replace('{queue}', 'default')
    .replace('{of}', 'queue')
    .replace('{name}', 'default')
    .replace('{order}', 'quiet');
  return [
    method,
    filled,
    /POST|PUT/.test(method) && !/read|retry|refresh|hub/.test(path) ? { body: {} } : {},
  ];
}
