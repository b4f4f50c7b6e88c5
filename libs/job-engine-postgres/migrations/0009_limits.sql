-- What a job's limits are counted by. Null, and without a byte, where it has none.
alter table job_engine.ready add column limit_key text;
alter table job_engine.waiting add column limit_key text;
alter table job_engine.finished add column limit_key text;

-- Jobs of nobody without a key stand in one line; all others in a line for each tenant and key. None
-- of these columns changes in a claim, which stays a heap-only update.
drop index job_engine.ready_in_line;
create index ready_in_line on job_engine.ready (queue, priority desc, id)
  where tenant is null and limit_key is null;
create index ready_in_turn on job_engine.ready
  (queue, coalesce(tenant, ''), coalesce(limit_key, ''), priority desc, id)
  where tenant is not null or limit_key is not null;

create table job_engine.limits (
  scope text not null check (scope in ('queue', 'key')),
  -- A queue; a key, or the group of keys that begin with it and a slash.
  name text not null,
  concurrency integer,
  rate_jobs integer,
  rate_period bigint,
  primary key (scope, name)
);

comment on column job_engine.limits.rate_period is 'In microseconds.';

-- Claims that count towards a limit: as running while their lease is valid, as begun while they are
-- younger than the period. Nobody has to give a slot back: it is free when neither holds any more,
-- and taken again by an update that no index knows of.
create table job_engine.slots (
  scope text not null,
  name text not null,
  number integer not null,
  job uuid not null,
  epoch bigint not null,
  taken_at timestamptz not null,
  primary key (scope, name, number)
) with (
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_cost_delay = 0
);

-- So long after its claim, in microseconds, a job under a rate may begin; it counts so much longer.
create function job_engine.late_start() returns bigint language sql immutable as 'select 100000';

-- One claim at a time counts and takes slots.
create function job_engine.lock_slots() returns void language sql volatile as $$
  select pg_advisory_xact_lock(1785684595, 1936486260)
$$;

-- The limit of a key: its own, else its group's, else one job at a time.
create function job_engine.limit_of_key(key text) returns job_engine.limits
language plpgsql stable as $$
declare
  found_limit job_engine.limits;
begin
  select l.* into found_limit from job_engine.limits l where l.scope = 'key' and l.name = key;
  if not found then
    select l.* into found_limit from job_engine.limits l
    where l.scope = 'key' and l.name = split_part(key, '/', 1);
  end if;
  if not found then
    found_limit.concurrency := 1;
  end if;
  return found_limit;
end $$;

-- How many more may be claimed under a limit, and in how many microseconds its rate opens if that is
-- what holds it.
create function job_engine.room(
  of_scope text, of_name text, under job_engine.limits, out free integer, out opens_in bigint
) language plpgsql volatile as $$
declare
  spared bigint := under.rate_period + job_engine.late_start();
  fresh timestamptz := clock_timestamp() - spared * interval '1 microsecond';
  oldest timestamptz;
begin
  select least(
    under.concurrency - count(*) filter (where exists (
      select from job_engine.ready r
      where r.id = s.job and r.epoch = s.epoch and r.server is not null
    )),
    under.rate_jobs - count(*) filter (where s.taken_at > fresh)
  ) into free
  from job_engine.slots s
  where s.scope = of_scope and s.name = of_name;

  if free <= 0 and under.rate_jobs is not null then
    select s.taken_at into oldest from job_engine.slots s
    where s.scope = of_scope and s.name = of_name and s.taken_at > fresh
    order by s.taken_at desc
    offset under.rate_jobs - 1 limit 1;
    opens_in := (extract(epoch from oldest - fresh) * 1000000)::bigint;
  end if;
end $$;

-- Counts these claims towards a limit.
create function job_engine.take_slots(
  of_scope text, of_name text, under job_engine.limits, jobs uuid[], epochs bigint[]
) returns void language sql volatile as $$
  with free as (
    select s.number, (row_number() over ())::integer as place
    from job_engine.slots s
    where s.scope = of_scope and s.name = of_name
      and not exists (
        select from job_engine.ready r
        where r.id = s.job and r.epoch = s.epoch and r.server is not null
      )
      and s.taken_at <= clock_timestamp()
        - (coalesce(under.rate_period, 0) + job_engine.late_start()) * interval '1 microsecond'
    limit cardinality(jobs)
  ), reused as (
    update job_engine.slots s
    set job = jobs[free.place], epoch = epochs[free.place], taken_at = clock_timestamp()
    from free
    where s.scope = of_scope and s.name = of_name and s.number = free.number
  )
  insert into job_engine.slots (scope, name, number, job, epoch, taken_at)
  select of_scope, of_name, highest.number + place, jobs[place], epochs[place], clock_timestamp()
  from generate_subscripts(jobs, 1) as place, (
    select coalesce(max(s.number), 0) as number
    from job_engine.slots s where s.scope = of_scope and s.name = of_name
  ) as highest
  where place > (select count(*) from free)
$$;

-- The tenants with waiting jobs in a queue, at most so many, beginning after one of them and going round.
-- Nobody, whose jobs stand in a line of their own, is always among them.
create function job_engine.tenants_in_turn(of_queue text, after text, most integer)
returns setof text language sql stable as $$
  with recursive later (tenant) as (
    select after
    union all
    select (
      select coalesce(r.tenant, '') from job_engine.ready r
      where r.queue = of_queue and (r.tenant is not null or r.limit_key is not null)
        and coalesce(r.tenant, '') > later.tenant and r.server is null
      order by coalesce(r.tenant, '') limit 1
    ) from later where later.tenant is not null
  ), earlier (tenant) as (
    select ''
    union all
    select (
      select coalesce(r.tenant, '') from job_engine.ready r
      where r.queue = of_queue and (r.tenant is not null or r.limit_key is not null)
        and coalesce(r.tenant, '') > earlier.tenant and r.server is null
      order by coalesce(r.tenant, '') limit 1
    ) from earlier where earlier.tenant < after
  )
  (select tenant from later where tenant > after limit most)
  union all
  (select tenant from earlier where tenant <= after limit most)
  limit most
$$;

-- The keys of a tenant's jobs in a queue, in the same way.
create function job_engine.keys_in_turn(
  of_queue text, of_tenant text, after text, most integer
) returns setof text language sql stable as $$
  with recursive later (key) as (
    select after
    union all
    select (
      select coalesce(r.limit_key, '') from job_engine.ready r
      where r.queue = of_queue and (r.tenant is not null or r.limit_key is not null)
        and coalesce(r.tenant, '') = of_tenant and coalesce(r.limit_key, '') > later.key
      order by coalesce(r.limit_key, '') limit 1
    ) from later where later.key is not null
  ), earlier (key) as (
    select ''
    union all
    select (
      select coalesce(r.limit_key, '') from job_engine.ready r
      where r.queue = of_queue and (r.tenant is not null or r.limit_key is not null)
        and coalesce(r.tenant, '') = of_tenant and coalesce(r.limit_key, '') > earlier.key
      order by coalesce(r.limit_key, '') limit 1
    ) from earlier where earlier.key < after
  )
  (select key from later where key > after limit most)
  union all
  (select key from earlier where key <= after and key <> '' limit most)
  limit most
$$;

-- Claims from a queue with jobs of tenants, with keys or under a limit of its own: from each tenant
-- in turn the most urgent of its jobs that may run now. A last row without a job tells the order, how
-- it ended and whether the queue needs no turns any more.
create function job_engine.claim_in_turn(
  claimer uuid, from_queue text, known_kinds text[], known_versions integer[], most integer,
  after_tenant text, after_key text
) returns table (
  job job_engine.ready, is_rated boolean, chosen uuid[], is_held_back boolean, again_in bigint,
  last_tenant text, last_key text, is_plain boolean
) language plpgsql as $$
declare
  -- So many tenants, and keys of all of them, are looked at beyond those that can be claimed.
  many constant integer := 200;
  under job_engine.limits;
  space integer := most;
  claimed job_engine.ready[];
begin
  perform from job_engine.servers s where s.id = claimer for key share;
  if not found or exists (select from job_engine.pauses p where p.queue = from_queue) then
    return;
  end if;
  perform job_engine.lock_slots();

  select l.* into under from job_engine.limits l where l.scope = 'queue' and l.name = from_queue;
  if found then
    select least(most, r.free), r.opens_in into space, again_in
    from job_engine.room('queue', from_queue, under) r;
  end if;

  if space > 0 then
    with tenants as (
      select t.tenant, t.turn, count(*) over () as tenants
      from job_engine.tenants_in_turn(from_queue, after_tenant, space + many) with ordinality
        as t (tenant, turn)
    ), lines as (
      select t.tenant, t.turn, '' as key, 0 as place, space as free, null::bigint as opens_in
      from tenants t
      union all
      select t.tenant, t.turn, k.key, k.place, r.free, r.opens_in
      from tenants t
      cross join lateral job_engine.keys_in_turn(
        from_queue, t.tenant, after_key, space + many / t.tenants::integer
      ) with ordinality as k (key, place)
      cross join lateral job_engine.room('key', k.key, job_engine.limit_of_key(k.key)) r
    ), open as (
      select l.*, least(l.free, space, greatest(1, 4 * space / count(*) over ())) as share
      from lines l
      where l.free > 0
    ), heads as (
      select o.tenant, o.turn, o.key, o.free, o.share, j.id, j.priority,
        row_number() over (partition by o.key order by j.priority desc, j.id) as place
      from open o cross join lateral (
        (
          select r.id, r.priority from job_engine.ready r
          where o.tenant = '' and o.key = ''
            and r.queue = from_queue and r.tenant is null and r.limit_key is null
            and r.server is null and r.kind = any(known_kinds)
            and (r.version is null
              or r.version <= known_versions[array_position(known_kinds, r.kind)])
          order by r.priority desc, r.id
          limit o.share
        ) union all (
          select r.id, r.priority from job_engine.ready r
          where (o.tenant <> '' or o.key <> '')
            and r.queue = from_queue and (r.tenant is not null or r.limit_key is not null)
            and coalesce(r.tenant, '') = o.tenant and coalesce(r.limit_key, '') = o.key
            and r.server is null and r.kind = any(known_kinds)
            and (r.version is null
              or r.version <= known_versions[array_position(known_kinds, r.kind)])
          order by r.priority desc, r.id
          limit o.share
        )
      ) j
    ), rounds as (
      select h.*, row_number() over (partition by h.tenant order by h.priority desc, h.id) as round
      from heads h
      where h.key = '' or h.place <= h.free
    ), picked as (
      select * from rounds r order by r.round, r.turn limit space
    )
    select
      (select array_agg(p.id order by p.round, p.turn) from picked p),
      coalesce(
        (select p.tenant from picked p order by p.round desc, p.turn desc limit 1),
        (select t.tenant from tenants t order by t.turn desc limit 1)
      ),
      (select l.key from lines l order by l.turn desc, l.place desc limit 1),
      (select coalesce(bool_or(l.free <= 0), false) from lines l),
      -- A share was used up and there is room: the next claim gets more.
      case when (select count(*) from picked) < space and exists (
        select from heads h where h.share < least(h.free, space)
        group by h.turn, h.key, h.share having count(*) = h.share
      ) then 0 else (select min(l.opens_in) from lines l) end
    into chosen, last_tenant, last_key, is_held_back, again_in;
  else
    is_held_back := true;
  end if;

  with taken as (
    update job_engine.ready r
    set server = claimer, claimed_at = clock_timestamp(), epoch = r.epoch + 1
    where r.id = any(chosen) and r.server is null
    returning r
  )
  select array_agg(taken.r) into claimed from taken;

  if under.name is not null then
    perform job_engine.take_slots('queue', from_queue, under, array_agg(c.id), array_agg(c.epoch))
    from unnest(claimed) c having count(*) > 0;
  end if;
  perform job_engine.take_slots('key', k.key, job_engine.limit_of_key(k.key), k.jobs, k.epochs)
  from (
    select c.limit_key as key, array_agg(c.id) as jobs, array_agg(c.epoch) as epochs
    from unnest(claimed) c where c.limit_key is not null group by c.limit_key
  ) k;

  return query
  select c, under.rate_jobs is not null
      or c.limit_key is not null and (job_engine.limit_of_key(c.limit_key)).rate_jobs is not null,
    null::uuid[], null::boolean, null::bigint, null::text, null::text, null::boolean
  from unnest(claimed) c;

  job := null;
  is_plain := under.name is null and not exists (
    select from job_engine.ready r
    where r.queue = from_queue and (r.tenant is not null or r.limit_key is not null)
  );
  return next;
end $$;
