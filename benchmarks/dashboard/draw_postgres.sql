-- `$1` jobs as a system has them after a week: two thirds succeeded, a tenth failed, the others wait.
-- Times rise with the number, as do ids; what else a job is, is drawn.
select setseed(0.5);

create function pg_temp.id_of(at timestamptz) returns uuid language sql as $$
  select encode(
    set_bit(set_bit(
      overlay(
        uuid_send(gen_random_uuid())
        placing substring(int8send((extract(epoch from at) * 1000)::bigint) from 3)
        from 1 for 6
      ), 52, 1), 53, 1),
    'hex')::uuid
$$;

create temporary table drawn as
select i, at, pg_temp.id_of(at) as id,
  case when i % 100000 = 77 then 'rare_kind' else 'kind_' || floor(20 * power(random(), 2)) end as kind,
  case when i % 50000 = 99 then 'rare' else
    (array['default', 'default', 'default', 'default', 'mail', 'mail', 'reports', 'imports'])
      [1 + floor(random() * 8)] end as queue,
  case when i % 100000 = 55 then 'rare-tenant'
    when random() < 0.7 then 'tenant-' || floor(500 * power(random(), 2)) end as tenant,
  case when i % 10 < 3 then array[
    (array['vip', 'import', 'nightly', 'trial'])[1 + floor(random() * 4)], 'order-' || i] end as tags,
  json_build_object(
    'user', json_build_object('id', i, 'name', 'user ' || i, 'email', 'user-' || i || '@example.org'),
    'template', 'welcome', 'locale', (array['de', 'en', 'fr'])[1 + floor(random() * 3)],
    'total', round((random() * 1000)::numeric, 2), 'items', json_build_array(i % 97, i % 89, i % 83)
  )::text as arguments,
  100000 + (random() * 3000000)::bigint as duration,
  i % 70 as host
from (
  select i, now() - interval '7 days' * ($1 - i) / $1 - interval '2 minutes' as at
  from generate_series(1, $1) as i
) as moments
order by i;

-- Filled in as the engine does it, which SQL cannot.
create temporary table marked (i bigint, low_marks bigint, high_marks bigint);
