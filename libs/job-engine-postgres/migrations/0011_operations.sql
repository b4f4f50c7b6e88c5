-- What is done to all jobs that match a query, and how far it is.
create table job_engine.operations (
  id uuid primary key,
  command text not null,
  -- The typed query, as JSON, and as a person wrote it.
  query text not null,
  words text not null,
  actor text not null,
  reason text not null,
  total bigint not null,
  done bigint not null default 0,
  skipped bigint not null default 0,
  status text not null default 'Running',
  started_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  -- The last job that was looked at.
  after_changed_at timestamptz,
  after_id uuid
);

-- What people did, for ever.
create table job_engine.audit (
  number bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  actor text not null,
  action text not null,
  target text not null,
  reason text,
  jobs bigint not null
);
