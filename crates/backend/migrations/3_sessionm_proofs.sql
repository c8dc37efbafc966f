-- The e-mail (in lower case) and the telephone number (its digits) that the person's provider has verified. Who holds a
-- profile without having proven what it is searched for by, lets nobody else into it.
ALTER TABLE sessionm_people ADD COLUMN verified_email TEXT;
ALTER TABLE sessionm_people ADD COLUMN verified_phone_number TEXT;
