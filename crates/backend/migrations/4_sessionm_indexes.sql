-- For what is asked at each sign-in: whether somebody else has the profile, and which drafts were given up.
CREATE INDEX sessionm_people_by_user ON sessionm_people (user_id);
CREATE INDEX sessionm_drafts_by_age ON sessionm_people (updated_at_ms) WHERE user_id IS NULL;
