-- Among 32 pages' jobs are those of some hundred tenants: a filter that is made for fifty lets all through.
drop index job_engine.finished_of_whom;
create index finished_of_whom on job_engine.finished
  using brin (
    kind text_bloom_ops (n_distinct_per_range = 50),
    queue text_bloom_ops (n_distinct_per_range = 50),
    tenant text_bloom_ops (n_distinct_per_range = 300)
  )
  with (pages_per_range = 32, autosummarize = on);
