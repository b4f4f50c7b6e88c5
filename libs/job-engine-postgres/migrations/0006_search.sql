-- Finished jobs newest change first. Jobs that end together have the same `changed_at`, so a page
-- sorts a few of them by id, and the index keeps each key once.
create index finished_of_state on job_engine.finished (state, changed_at);
drop index job_engine.finished_changed;

-- Which parts of the table may hold a kind, a queue or a tenant. A b-tree for each would cost the end of every
-- job a quarter more; this costs next to nothing, and a page of a common kind is found by time.
create index finished_of_whom on job_engine.finished
  using brin (
    kind text_bloom_ops (n_distinct_per_range = 50),
    queue text_bloom_ops (n_distinct_per_range = 50),
    tenant text_bloom_ops (n_distinct_per_range = 50)
  )
  with (pages_per_range = 32, autosummarize = on);

-- For arguments that are no JSON to `jsonb`: those that plain SQL enqueued, and those with a NUL.
create function job_engine.argument(arguments text, path text[]) returns text
language plpgsql immutable as $$
begin
  return arguments::jsonb #>> path;
exception when data_exception then
  return null;
end $$;
