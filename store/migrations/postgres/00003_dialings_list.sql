-- +goose Up
-- With the uuid, since writes of a call name both: while Postgres takes the
-- table for empty, either index must find the one row.
DROP INDEX dialings_list;
CREATE INDEX dialings_list ON dialings (dlma_uuid, uuid);

-- +goose Down
DROP INDEX dialings_list;
CREATE INDEX dialings_list ON dialings (dlma_uuid);
