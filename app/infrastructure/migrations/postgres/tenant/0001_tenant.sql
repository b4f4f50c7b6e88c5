CREATE TABLE roles (
    name text PRIMARY KEY,
    description text NOT NULL,
    -- The order in which people see them.
    position bigint NOT NULL
);

CREATE TABLE settings (
    key text PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE members (
    user_id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE,
    display_name text NOT NULL,
    role text NOT NULL REFERENCES roles (name),
    created_at timestamptz NOT NULL
);

CREATE UNIQUE INDEX members_one_owner ON members (role) WHERE role = 'Owner';
