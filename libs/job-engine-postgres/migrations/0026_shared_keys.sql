-- A key that several tenants share goes round among them, instead of to its oldest jobs first.

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
  -- The jobs that could run, tenant by tenant, and which key each has; how many more of each key may
  -- run; of each tenant's candidates the next one and the last one.
  candidates uuid[];
  key_of integer[];
  room_of integer[];
  next_of integer[];
  last_of integer[];
  tenant_of text[];
  candidate integer;
  chosen_before integer;
  is_cut_short boolean;
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
      select o.tenant, o.turn, o.key, o.free, o.share, j.id,
        (row_number() over (order by o.turn, j.priority desc, j.id))::integer as place,
        (dense_rank() over (order by o.key))::integer as key_place
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
    ), spans as (
      select h.turn, h.tenant, min(h.place) as first, max(h.place) as last
      from heads h
      group by h.turn, h.tenant
    ), keys as (
      select h.key_place, min(h.free) as free from heads h group by h.key_place
    )
    select
      (select array_agg(h.id order by h.place) from heads h),
      (select array_agg(h.key_place order by h.place) from heads h),
      (select array_agg(k.free order by k.key_place) from keys k),
      (select array_agg(s.first order by s.turn) from spans s),
      (select array_agg(s.last order by s.turn) from spans s),
      (select array_agg(s.tenant order by s.turn) from spans s),
      (select t.tenant from tenants t where t.turn = space + many),
      (select l.key from lines l order by l.turn desc, l.place desc limit 1),
      (select coalesce(bool_or(l.free <= 0), false) from lines l),
      (select min(l.opens_in) from lines l),
      exists (
        select from heads h where h.share < least(h.free, space)
        group by h.turn, h.key, h.share having count(*) = h.share
      )
    into candidates, key_of, room_of, next_of, last_of, tenant_of,
      last_tenant, last_key, is_held_back, again_in, is_cut_short;

    -- One job of each tenant, then the second of each, and so on.
    chosen := '{}';
    loop
      chosen_before := cardinality(chosen);
      for line in 1 .. coalesce(cardinality(tenant_of), 0) loop
        exit when cardinality(chosen) = space;
        while next_of[line] <= last_of[line] loop
          candidate := next_of[line];
          next_of[line] := candidate + 1;
          if room_of[key_of[candidate]] > 0 then
            room_of[key_of[candidate]] := room_of[key_of[candidate]] - 1;
            chosen := chosen || candidates[candidate];
            last_tenant := tenant_of[line];
            exit;
          end if;
        end loop;
      end loop;
      exit when cardinality(chosen) in (space, chosen_before);
    end loop;
    -- A share was used up and there is room: the next claim gets more.
    if is_cut_short and cardinality(chosen) < space then
      again_in := 0;
    end if;
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
