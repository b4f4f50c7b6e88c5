-- The batch that a job is of, and whether somebody is to be told how it ends: a batch or a job that
-- waits for it. `continue_on` says how what an Awaiting job waits for has to end; once it has, the job
-- waits for `delay` more, or until `release_at`.
alter table job_engine_jobs add column batch blob;
alter table job_engine_jobs add column awaited integer;
alter table job_engine_jobs add column continue_on text;
alter table job_engine_jobs add column delay integer;
alter table job_engine_jobs add column release_at integer;

create index job_engine_awaiting on job_engine_jobs (changed_at, id) where state = 'Awaiting';

-- Who waits for whom. A parent is a job or a batch.
create table job_engine_parents (
  parent blob not null,
  child blob not null,
  primary key (parent, child)
) strict, without rowid;

create index job_engine_parents_of on job_engine_parents (child);

create trigger job_engine_waits_no_more after update of state on job_engine_jobs
when old.state = 'Awaiting' and new.state <> 'Awaiting'
begin
  delete from job_engine_parents where child = new.id;
end;

-- Jobs that have ended, or have not any more, and of which those who wait and the batch are told
-- before the transaction commits.
create table job_engine_news (
  id integer primary key,
  job blob not null,
  batch blob,
  was text,
  is_now text
) strict;

create trigger job_engine_is_news after update of state on job_engine_jobs
when new.awaited and (old.ended_at is not null or new.ended_at is not null)
begin
  insert into job_engine_news (job, batch, was, is_now)
  values (new.id, new.batch, iif(old.ended_at is null, null, old.state),
    iif(new.ended_at is null, null, new.state));
end;

-- Kept up to date by the news of its jobs.
create table job_engine_batches (
  id blob primary key,
  created_at integer not null,
  ended_at integer,
  jobs integer not null,
  succeeded integer not null default 0,
  failed integer not null default 0,
  deleted integer not null default 0
) strict, without rowid;

create index job_engine_batches_ended on job_engine_batches (ended_at);

-- Who holds a key: while it is in one of the states (a JSON array), and until a time whatever becomes
-- of it.
create table job_engine_keys (
  kind text not null,
  key text not null,
  job blob not null,
  states text not null,
  held_until integer,
  primary key (kind, key)
) strict, without rowid;

create index job_engine_keys_of on job_engine_keys (job);
