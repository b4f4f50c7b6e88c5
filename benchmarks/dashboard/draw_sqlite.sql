-- The same jobs as in `draw_postgres.sql`.
create temporary table drawn as
with recursive numbers (i) as (select 1 union all select i + 1 from numbers where i < $1),
moments as (
  select i, (unixepoch() - 120) * 1000000 - ($1 - i) * 604800000000 / $1 as at,
    abs(random() % 1000000) / 1e6 as a, abs(random() % 1000000) / 1e6 as b,
    abs(random() % 1000000) / 1e6 as c
  from numbers
)
select i, at,
  unhex(printf('%012x', at / 1000) || '7' || substr(hex(randomblob(2)), 1, 3) || 'a'
    || substr(hex(randomblob(8)), 1, 15)) as id,
  iif(i % 100000 = 77, 'rare_kind', 'kind_' || cast(20 * a * a as integer)) as kind,
  iif(i % 50000 = 99, 'rare',
    json_array('default', 'default', 'default', 'default', 'mail', 'mail', 'reports', 'imports')
      ->> cast(8 * b as integer)) as queue,
  case when i % 100000 = 55 then 'rare-tenant'
    when c < 0.7 then 'tenant-' || cast(500 * (c / 0.7) * (c / 0.7) as integer) end as tenant,
  iif(i % 10 < 3, json_array(json_array('vip', 'import', 'nightly', 'trial') ->> (i % 4), 'order-' || i),
    null) as tags,
  json_object(
    'user', json_object('id', i, 'name', 'user ' || i, 'email', 'user-' || i || '@example.org'),
    'template', 'welcome', 'locale', json_array('de', 'en', 'fr') ->> (i % 3),
    'total', round(a * 1000, 2), 'items', json_array(i % 97, i % 89, i % 83)) as arguments,
  100000 + cast(b * 3000000 as integer) as duration, i % 70 as host
from moments;

-- Filled in as the engine does it, which SQL cannot.
create temporary table marked (i integer primary key, low_marks integer, high_marks integer);
