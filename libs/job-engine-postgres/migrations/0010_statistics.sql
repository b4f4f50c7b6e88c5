-- When the jobs of a difference came into their state. The differences so tell the throughput as
-- well, without a further write. Null where it was counted already.
alter table job_engine.tally add column at timestamptz;
alter table job_engine.tally alter column at set default date_trunc('minute', statement_timestamp());

-- How many jobs came into a state in a minute, an hour and a day of UTC.
create table job_engine.throughput (
  resolution text not null,
  at timestamptz not null,
  state job_engine.state not null,
  jobs bigint not null,
  primary key (resolution, at, state)
);

-- What errors that are alike have in common, as the engine wrote it into the error.
create function job_engine.error_group(error text) returns text
language sql immutable strict parallel safe as $$
  select substring(error from '"group":"([0-9a-f]{16})"')
$$;

create index finished_of_error on job_engine.finished (job_engine.error_group(error), changed_at)
  where state = 'Failed';

-- Failures that are alike.
create table job_engine.error_groups (
  kind text not null,
  error_group text not null,
  jobs bigint not null,
  failures bigint not null,
  first_at timestamptz,
  last_at timestamptz,
  error text,
  primary key (kind, error_group)
);

-- Differences to be summed into `error_groups`.
create table job_engine.error_tally (
  kind text not null,
  error_group text not null,
  jobs bigint not null,
  at timestamptz,
  error text
);

create function job_engine.failure_came() returns trigger language plpgsql as $$
begin
  insert into job_engine.error_tally (kind, error_group, jobs, at, error)
  select new.kind, job_engine.error_group(new.error), 1, new.changed_at, new.error
  where job_engine.error_group(new.error) is not null;
  return null;
end $$;

create function job_engine.failures_went() returns trigger language plpgsql as $$
begin
  insert into job_engine.error_tally (kind, error_group, jobs)
  select kind, job_engine.error_group(error), -count(*)
  from gone
  where state = 'Failed' and job_engine.error_group(error) is not null
  group by 1, 2;
  return null;
end $$;

create function job_engine.failure_changed() returns trigger language plpgsql as $$
begin
  insert into job_engine.error_tally (kind, error_group, jobs)
  select old.kind, job_engine.error_group(old.error), -1
  where job_engine.error_group(old.error) is not null;
  return null;
end $$;

-- Only failures pay for these: the condition is looked at before the function is called.
create trigger failure_came after insert on job_engine.finished
for each row when (new.state = 'Failed') execute function job_engine.failure_came();

create trigger failure_changed after update of state on job_engine.finished
for each row when (old.state = 'Failed' and new.state <> 'Failed')
execute function job_engine.failure_changed();

create trigger failures_went after delete on job_engine.finished
referencing old table as gone for each statement execute function job_engine.failures_went();
