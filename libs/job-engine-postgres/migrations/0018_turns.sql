-- A claim in vain leaves the turn where it was, unless there are more tenants than it looked at.

-- Claims from a queue with jobs of tenants, with keys or under a limit of its own: from each tenant
-- in turn the most urgent of its jobs that may run now. A last row without a job tells the order, how
-- it ended and whether the queue needs no turns any more.
create or replace function job_engine.claim_in_turn(
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
        (select t.tenant from tenants t where t.turn = space + many)
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
