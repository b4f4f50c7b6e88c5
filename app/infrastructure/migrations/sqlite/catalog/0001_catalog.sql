CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    is_super_admin INTEGER NOT NULL DEFAULT 0,
    password_hash TEXT,
    created_at TEXT NOT NULL
) STRICT;

CREATE INDEX users_super_admins ON users (id) WHERE is_super_admin;

CREATE TABLE tenants (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    admin_email TEXT NOT NULL,
    -- Empty for a tenant that someone signed up for.
    requested_by TEXT REFERENCES users (id),
    request_key TEXT,
    status TEXT NOT NULL,
    error TEXT,
    -- JSON: an object per step that has begun.
    steps TEXT NOT NULL,
    job_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    next_attempt_at TEXT,
    round INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    activated_at TEXT,
    -- Name, slug and address in lower case, for the search.
    search_text TEXT NOT NULL,
    UNIQUE (requested_by, request_key)
) STRICT;

CREATE INDEX tenants_by_age ON tenants (created_at, id);
CREATE INDEX tenants_signed_up_for ON tenants (admin_email) WHERE requested_by IS NULL;

-- A tenant has one owner: the key says so.
CREATE TABLE tenant_owners (
    tenant_id TEXT PRIMARY KEY REFERENCES tenants (id),
    user_id TEXT NOT NULL REFERENCES users (id)
) STRICT;

CREATE INDEX tenant_owners_by_user ON tenant_owners (user_id, tenant_id);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    started_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    ended_at TEXT
) STRICT;

CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE refresh_tokens (
    hash TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    used_at TEXT
) STRICT;

CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

-- Links that set a password; a user has one at most.
CREATE TABLE one_time_links (
    user_id TEXT PRIMARY KEY REFERENCES users (id),
    hash TEXT NOT NULL UNIQUE,
    expires_at TEXT NOT NULL,
    used_at TEXT
) STRICT;

CREATE TABLE sign_in_failures (
    email TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at TEXT NOT NULL
) STRICT;

CREATE INDEX sign_in_failures_by_age ON sign_in_failures (last_at);

CREATE TABLE notifications (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL,
    message TEXT NOT NULL,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    occasion TEXT NOT NULL,
    created_at TEXT NOT NULL,
    read_at TEXT,
    pushed_at TEXT,
    -- Nobody is told twice.
    UNIQUE (user_id, occasion)
) STRICT;

CREATE INDEX notifications_by_user ON notifications (user_id, id);
CREATE INDEX notifications_unread ON notifications (user_id) WHERE read_at IS NULL;
CREATE INDEX notifications_waiting ON notifications (tenant_id) WHERE pushed_at IS NULL;
