-- What is done to all jobs that match a query, and how far it is.
create table job_engine_operations (
  id blob primary key,
  command text not null,
  -- The typed query, as JSON, and as a person wrote it.
  query text not null,
  words text not null,
  actor text not null,
  reason text not null,
  total integer not null,
  done integer not null default 0,
  skipped integer not null default 0,
  status text not null default 'Running',
  started_at integer not null,
  ended_at integer,
  -- The last job that was looked at.
  after_changed_at integer,
  after_id blob
) strict, without rowid;

-- What people did, for ever.
create table job_engine_audit (
  number integer primary key autoincrement,
  at integer not null,
  actor text not null,
  action text not null,
  target text not null,
  reason text,
  jobs integer not null
) strict;
