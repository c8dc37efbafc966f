-- Portable between SQLite and PostgreSQL: no type or function that only one of them has.

-- Who signs in, and which profile of SessionM's is theirs.
CREATE TABLE sessionm_people (
    iss TEXT NOT NULL,
    sub TEXT NOT NULL,
    -- SessionM's id of the profile, once it is known.
    user_id TEXT,
    -- What is known of a person who has no profile yet, as JSON.
    draft TEXT,
    -- When a profile was last about to be created, milliseconds; nothing once it is known what came of it.
    creating_since_ms BIGINT,
    updated_at_ms BIGINT NOT NULL,
    PRIMARY KEY (iss, sub)
);

-- One person of an issuer for each profile.
CREATE UNIQUE INDEX sessionm_people_by_profile ON sessionm_people (iss, user_id);

-- Who is at it: one call for a person, and one for an e-mail, over all instances.
CREATE TABLE sessionm_leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until_ms BIGINT NOT NULL
);
