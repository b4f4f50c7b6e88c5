-- What people ask of a server, which it learns with its heartbeat: `quiet` or `stop`.
alter table job_engine_servers add column told text;
