-- The session locks by which servers are known to live. PostgreSQL empties an unlogged table when it
-- recovers from a crash, which releases every lock and says nothing of who held it: until a server
-- has taken its lock again, a free one proves nothing.
create unlogged table job_engine.pulses (
  server uuid primary key references job_engine.servers on delete cascade,
  key bigint not null,
  taken_under timestamptz not null
);

alter table job_engine.servers drop column pulse, drop column pulse_taken_under;
