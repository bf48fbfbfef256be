-- +goose Up
ALTER TABLE plans ADD COLUMN pacing TEXT NOT NULL DEFAULT 'predictive';
ALTER TABLE plans ADD COLUMN ratio REAL NOT NULL DEFAULT 0;
ALTER TABLE plans ADD COLUMN abandon_target REAL NOT NULL DEFAULT 3;
ALTER TABLE plans ADD COLUMN abandon_patience INTEGER NOT NULL DEFAULT 2000;
ALTER TABLE plans ADD COLUMN abandon_window INTEGER NOT NULL DEFAULT 30;
ALTER TABLE plans ADD COLUMN abandon_destination TEXT NOT NULL DEFAULT '';
ALTER TABLE plans ADD COLUMN abandon_lock_hours INTEGER NOT NULL DEFAULT 72;

ALTER TABLE dialings ADD COLUMN abandoned INTEGER NOT NULL DEFAULT 0;

-- When a call to a number was last abandoned, by whatever campaign.
CREATE TABLE abandons (
    number TEXT NOT NULL PRIMARY KEY,
    tm INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX abandons_tm ON abandons (tm);

-- +goose Down
DROP TABLE abandons;
ALTER TABLE dialings DROP COLUMN abandoned;
ALTER TABLE plans DROP COLUMN pacing;
ALTER TABLE plans DROP COLUMN ratio;
ALTER TABLE plans DROP COLUMN abandon_target;
ALTER TABLE plans DROP COLUMN abandon_patience;
ALTER TABLE plans DROP COLUMN abandon_window;
ALTER TABLE plans DROP COLUMN abandon_destination;
ALTER TABLE plans DROP COLUMN abandon_lock_hours;
