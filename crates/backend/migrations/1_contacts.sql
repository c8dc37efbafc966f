-- Portable between SQLite and PostgreSQL: no type or function that only one of them has.

-- A person the shop knows.
CREATE TABLE contacts (
    number TEXT NOT NULL PRIMARY KEY,
    -- The e-mail in lower case, to look it up; whose it is provably stands in verified_emails.
    email_key TEXT,
    -- The profile as JSON, by claim name.
    profile TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX contacts_by_email ON contacts (email_key);

-- Who signs in as whom: one contact for each person of an issuer.
CREATE TABLE links (
    iss TEXT NOT NULL,
    sub TEXT NOT NULL,
    number TEXT NOT NULL REFERENCES contacts (number),
    linked_at BIGINT NOT NULL,
    PRIMARY KEY (iss, sub)
);
CREATE INDEX links_by_number ON links (number);

-- One owner for each e-mail that a provider has verified.
CREATE TABLE verified_emails (
    email_key TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL REFERENCES contacts (number)
);

-- Handles made before this moment are refused.
CREATE TABLE not_before (
    iss TEXT NOT NULL,
    sub TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (iss, sub)
);
