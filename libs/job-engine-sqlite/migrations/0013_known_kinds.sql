-- Which kinds of jobs a server can run: a JSON array.
alter table job_engine_servers add column kinds text not null default '[]';
