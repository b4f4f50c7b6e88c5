CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE,
    display_name text NOT NULL,
    is_super_admin boolean NOT NULL DEFAULT false,
    password_hash text,
    created_at timestamptz NOT NULL
);

CREATE INDEX users_super_admins ON users (id) WHERE is_super_admin;

CREATE TABLE tenants (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE,
    name text NOT NULL,
    admin_email text NOT NULL,
    -- Empty for a tenant that someone signed up for.
    requested_by uuid REFERENCES users (id),
    request_key text,
    status text NOT NULL,
    error text,
    -- JSON: an object per step that has begun.
    steps text NOT NULL,
    job_id uuid NOT NULL,
    attempt bigint NOT NULL,
    max_attempts bigint NOT NULL,
    next_attempt_at timestamptz,
    round bigint NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    activated_at timestamptz,
    -- Name, slug and address in lower case, for the search.
    search_text text NOT NULL,
    UNIQUE (requested_by, request_key)
);

CREATE INDEX tenants_by_age ON tenants (created_at, id);
CREATE INDEX tenants_signed_up_for ON tenants (admin_email) WHERE requested_by IS NULL;

-- A tenant has one owner: the key says so.
CREATE TABLE tenant_owners (
    tenant_id uuid PRIMARY KEY REFERENCES tenants (id),
    user_id uuid NOT NULL REFERENCES users (id)
);

CREATE INDEX tenant_owners_by_user ON tenant_owners (user_id, tenant_id);

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    started_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz
);

CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE refresh_tokens (
    hash text PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    used_at timestamptz
);

CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

-- Links that set a password; a user has one at most.
CREATE TABLE one_time_links (
    user_id uuid PRIMARY KEY REFERENCES users (id),
    hash text NOT NULL UNIQUE,
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);

CREATE TABLE sign_in_failures (
    email text PRIMARY KEY,
    failures bigint NOT NULL,
    last_at timestamptz NOT NULL
);

CREATE INDEX sign_in_failures_by_age ON sign_in_failures (last_at);

CREATE TABLE notifications (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    kind text NOT NULL,
    message text NOT NULL,
    tenant_id uuid NOT NULL REFERENCES tenants (id),
    occasion text NOT NULL,
    created_at timestamptz NOT NULL,
    read_at timestamptz,
    pushed_at timestamptz,
    -- Nobody is told twice.
    UNIQUE (user_id, occasion)
);

CREATE INDEX notifications_by_user ON notifications (user_id, id);
CREATE INDEX notifications_unread ON notifications (user_id) WHERE read_at IS NULL;
CREATE INDEX notifications_waiting ON notifications (tenant_id) WHERE pushed_at IS NULL;
