-- A claim far in the future was made before the clock was set back, and counts no more towards a rate.
create or replace function job_engine.room(
  of_scope text, of_name text, under job_engine.limits, out free integer, out opens_in bigint
) language plpgsql volatile as $$
declare
  now timestamptz := clock_timestamp();
  spared interval := (under.rate_period + job_engine.late_start()) * interval '1 microsecond';
  fresh timestamptz := now - spared;
  oldest timestamptz;
begin
  select least(
    under.concurrency - count(*) filter (where exists (
      select from job_engine.ready r
      where r.id = s.job and r.epoch = s.epoch and r.server is not null
    )),
    under.rate_jobs - count(*) filter (where s.taken_at > fresh and s.taken_at < now + spared)
  ) into free
  from job_engine.slots s
  where s.scope = of_scope and s.name = of_name;

  if free <= 0 and under.rate_jobs is not null then
    select s.taken_at into oldest from job_engine.slots s
    where s.scope = of_scope and s.name = of_name
      and s.taken_at > fresh and s.taken_at < now + spared
    order by s.taken_at desc
    offset under.rate_jobs - 1 limit 1;
    opens_in := (extract(epoch from oldest - fresh) * 1000000)::bigint;
  end if;
end $$;
