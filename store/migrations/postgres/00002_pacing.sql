-- +goose Up
ALTER TABLE plans
    ADD COLUMN pacing text NOT NULL DEFAULT 'predictive',
    ADD COLUMN ratio double precision NOT NULL DEFAULT 0,
    ADD COLUMN abandon_target double precision NOT NULL DEFAULT 3,
    ADD COLUMN abandon_patience integer NOT NULL DEFAULT 2000,
    ADD COLUMN abandon_window integer NOT NULL DEFAULT 30,
    ADD COLUMN abandon_destination text COLLATE "C" NOT NULL DEFAULT '',
    ADD COLUMN abandon_lock_hours integer NOT NULL DEFAULT 72;

ALTER TABLE dialings ADD COLUMN abandoned smallint NOT NULL DEFAULT 0;

-- When a call to a number was last abandoned, by whatever campaign.
CREATE TABLE abandons (
    number text COLLATE "C" PRIMARY KEY,
    tm bigint NOT NULL
);

CREATE INDEX abandons_tm ON abandons (tm);

-- +goose Down
DROP TABLE abandons;
ALTER TABLE dialings DROP COLUMN abandoned;
ALTER TABLE plans
    DROP COLUMN pacing,
    DROP COLUMN ratio,
    DROP COLUMN abandon_target,
    DROP COLUMN abandon_patience,
    DROP COLUMN abandon_window,
    DROP COLUMN abandon_destination,
    DROP COLUMN abandon_lock_hours;
