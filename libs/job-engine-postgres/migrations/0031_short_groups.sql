-- The same by one search that counts no characters: a quarter of the time, which each failure that comes or
-- goes takes, and a third of that of requeuing many.
create or replace function job_engine.error_group(error text) returns text
language sql immutable strict parallel safe as $$
  select nullif(left(split_part(error, '"group":"', 2), 16), '')
$$;
