-- Which kinds of jobs a server can run.
alter table job_engine.servers add column kinds text[] not null default '{}';
