-- +goose Up
-- Times are microseconds since 1970 UTC, 0 = never. Empty texts stand for "not
-- set" except in JSON columns, where that is NULL. Every object has an id of
-- its own: it is the order of creation, which lists are paged by.

CREATE TABLE plans (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    dial_mode INTEGER NOT NULL DEFAULT 0,
    gateway TEXT NOT NULL DEFAULT '',
    tech_name TEXT NOT NULL DEFAULT '',
    trunk_name TEXT NOT NULL DEFAULT '',
    dial_timeout INTEGER NOT NULL DEFAULT 0,
    dl_end_handle INTEGER NOT NULL DEFAULT 0,
    retry_delay INTEGER NOT NULL DEFAULT 0,
    caller_id TEXT NOT NULL DEFAULT '',
    service_level INTEGER NOT NULL DEFAULT 0,
    early_media TEXT NOT NULL DEFAULT '',
    codecs TEXT NOT NULL DEFAULT '',
    variables TEXT,
    max_retry_cnt_1 INTEGER NOT NULL DEFAULT 0,
    max_retry_cnt_2 INTEGER NOT NULL DEFAULT 0,
    max_retry_cnt_3 INTEGER NOT NULL DEFAULT 0,
    max_retry_cnt_4 INTEGER NOT NULL DEFAULT 0,
    max_retry_cnt_5 INTEGER NOT NULL DEFAULT 0,
    max_retry_cnt_6 INTEGER NOT NULL DEFAULT 0,
    max_retry_cnt_7 INTEGER NOT NULL DEFAULT 0,
    max_retry_cnt_8 INTEGER NOT NULL DEFAULT 0,
    redial_unknown INTEGER NOT NULL DEFAULT 0,
    max_calls INTEGER,
    max_cps INTEGER,
    in_use INTEGER NOT NULL DEFAULT 1,
    tm_create INTEGER NOT NULL DEFAULT 0,
    tm_update INTEGER NOT NULL DEFAULT 0,
    tm_delete INTEGER NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX plans_uuid ON plans (uuid);

CREATE TABLE destinations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    type INTEGER NOT NULL DEFAULT 0,
    application TEXT NOT NULL DEFAULT '',
    data TEXT NOT NULL DEFAULT '',
    context TEXT NOT NULL DEFAULT '',
    exten TEXT NOT NULL DEFAULT '',
    priority TEXT NOT NULL DEFAULT '',
    wrapup INTEGER NOT NULL DEFAULT 0,
    variables TEXT,
    in_use INTEGER NOT NULL DEFAULT 1,
    tm_create INTEGER NOT NULL DEFAULT 0,
    tm_update INTEGER NOT NULL DEFAULT 0,
    tm_delete INTEGER NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX destinations_uuid ON destinations (uuid);

CREATE TABLE dlmas (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    variables TEXT,
    in_use INTEGER NOT NULL DEFAULT 1,
    tm_create INTEGER NOT NULL DEFAULT 0,
    tm_update INTEGER NOT NULL DEFAULT 0,
    tm_delete INTEGER NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX dlmas_uuid ON dlmas (uuid);

CREATE TABLE campaigns (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    status INTEGER NOT NULL DEFAULT 0,
    plan_uuid TEXT NOT NULL DEFAULT '',
    dest_uuid TEXT NOT NULL DEFAULT '',
    dlma_uuid TEXT NOT NULL DEFAULT '',
    next_campaign TEXT NOT NULL DEFAULT '',
    variables TEXT,
    sc_mode INTEGER NOT NULL DEFAULT 0,
    sc_timezone TEXT NOT NULL DEFAULT '',
    sc_time_start TEXT NOT NULL DEFAULT '',
    sc_time_end TEXT NOT NULL DEFAULT '',
    sc_date_start TEXT NOT NULL DEFAULT '',
    sc_date_end TEXT NOT NULL DEFAULT '',
    sc_date_list TEXT NOT NULL DEFAULT '',
    sc_date_list_except TEXT NOT NULL DEFAULT '',
    sc_day_list TEXT NOT NULL DEFAULT '',
    edge INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    in_use INTEGER NOT NULL DEFAULT 1,
    tm_create INTEGER NOT NULL DEFAULT 0,
    tm_update INTEGER NOT NULL DEFAULT 0,
    tm_delete INTEGER NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX campaigns_uuid ON campaigns (uuid);

CREATE INDEX campaigns_plan ON campaigns (plan_uuid) WHERE in_use = 1;
CREATE INDEX campaigns_dest ON campaigns (dest_uuid) WHERE in_use = 1;
CREATE INDEX campaigns_dlma ON campaigns (dlma_uuid) WHERE in_use = 1;

CREATE TABLE dls (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL,
    dlma_uuid TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    email TEXT NOT NULL DEFAULT '',
    ukey TEXT NOT NULL DEFAULT '',
    resv_target TEXT NOT NULL DEFAULT '',
    status INTEGER NOT NULL DEFAULT 0,
    number_1 TEXT NOT NULL DEFAULT '',
    number_2 TEXT NOT NULL DEFAULT '',
    number_3 TEXT NOT NULL DEFAULT '',
    number_4 TEXT NOT NULL DEFAULT '',
    number_5 TEXT NOT NULL DEFAULT '',
    number_6 TEXT NOT NULL DEFAULT '',
    number_7 TEXT NOT NULL DEFAULT '',
    number_8 TEXT NOT NULL DEFAULT '',
    trycnt_1 INTEGER NOT NULL DEFAULT 0,
    trycnt_2 INTEGER NOT NULL DEFAULT 0,
    trycnt_3 INTEGER NOT NULL DEFAULT 0,
    trycnt_4 INTEGER NOT NULL DEFAULT 0,
    trycnt_5 INTEGER NOT NULL DEFAULT 0,
    trycnt_6 INTEGER NOT NULL DEFAULT 0,
    trycnt_7 INTEGER NOT NULL DEFAULT 0,
    trycnt_8 INTEGER NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    spent INTEGER NOT NULL DEFAULT 0,
    unknown INTEGER NOT NULL DEFAULT 0,
    variables TEXT,
    dialing_uuid TEXT NOT NULL DEFAULT '',
    dialing_index INTEGER,
    prev_tm_update INTEGER,
    prev_tm_last_dial INTEGER,
    res_dial INTEGER NOT NULL DEFAULT 0,
    res_dial_detail TEXT NOT NULL DEFAULT '',
    res_hangup INTEGER NOT NULL DEFAULT 0,
    res_hangup_detail TEXT NOT NULL DEFAULT '',
    tm_last_dial INTEGER NOT NULL DEFAULT 0,
    tm_last_hangup INTEGER NOT NULL DEFAULT 0,
    in_use INTEGER NOT NULL DEFAULT 1,
    tm_create INTEGER NOT NULL DEFAULT 0,
    tm_update INTEGER NOT NULL DEFAULT 0,
    tm_delete INTEGER NOT NULL DEFAULT 0
);

CREATE UNIQUE INDEX dls_uuid ON dls (uuid);
CREATE INDEX dls_list ON dls (dlma_uuid, id) WHERE in_use = 1;
-- The claim: entries that wait, are used up, answered, reserved or deleted are
-- either not in it or in a stretch of it that the claim jumps over.
CREATE INDEX dls_claim ON dls (dlma_uuid, spent, tries, tm_last_hangup, id)
    WHERE in_use = 1 AND status = 0 AND res_dial <> 4;
CREATE INDEX dls_unknown ON dls (dlma_uuid, id) WHERE in_use = 1 AND status = 0 AND res_dial <> 4 AND unknown = 1;
CREATE INDEX dls_status ON dls (dlma_uuid, status, id) WHERE in_use = 1 AND status <> 0;
CREATE INDEX dls_ukey ON dls (dlma_uuid, ukey, id) WHERE in_use = 1 AND ukey <> '';

CREATE INDEX dls_number_1 ON dls (dlma_uuid, number_1, id) WHERE in_use = 1 AND number_1 <> '';
CREATE INDEX dls_number_2 ON dls (dlma_uuid, number_2, id) WHERE in_use = 1 AND number_2 <> '';
CREATE INDEX dls_number_3 ON dls (dlma_uuid, number_3, id) WHERE in_use = 1 AND number_3 <> '';
CREATE INDEX dls_number_4 ON dls (dlma_uuid, number_4, id) WHERE in_use = 1 AND number_4 <> '';
CREATE INDEX dls_number_5 ON dls (dlma_uuid, number_5, id) WHERE in_use = 1 AND number_5 <> '';
CREATE INDEX dls_number_6 ON dls (dlma_uuid, number_6, id) WHERE in_use = 1 AND number_6 <> '';
CREATE INDEX dls_number_7 ON dls (dlma_uuid, number_7, id) WHERE in_use = 1 AND number_7 <> '';
CREATE INDEX dls_number_8 ON dls (dlma_uuid, number_8, id) WHERE in_use = 1 AND number_8 <> '';

CREATE TABLE dialings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL,
    action_id TEXT NOT NULL DEFAULT '',
    gateway TEXT NOT NULL DEFAULT '',
    campaign_uuid TEXT NOT NULL DEFAULT '',
    plan_uuid TEXT NOT NULL DEFAULT '',
    dest_uuid TEXT NOT NULL DEFAULT '',
    dlma_uuid TEXT NOT NULL DEFAULT '',
    dl_uuid TEXT NOT NULL DEFAULT '',
    name TEXT NOT NULL DEFAULT '',
    ukey TEXT NOT NULL DEFAULT '',
    dial_channel TEXT NOT NULL DEFAULT '',
    dial_addr TEXT NOT NULL DEFAULT '',
    dial_index INTEGER NOT NULL DEFAULT 0,
    dial_trycnt INTEGER NOT NULL DEFAULT 0,
    dial_timeout INTEGER NOT NULL DEFAULT 0,
    dial_type INTEGER NOT NULL DEFAULT 0,
    dial_context TEXT NOT NULL DEFAULT '',
    dial_exten TEXT NOT NULL DEFAULT '',
    dial_priority TEXT NOT NULL DEFAULT '',
    dial_application TEXT NOT NULL DEFAULT '',
    dial_data TEXT NOT NULL DEFAULT '',
    dial_variables TEXT,
    caller_id TEXT NOT NULL DEFAULT '',
    codecs TEXT NOT NULL DEFAULT '',
    early_media INTEGER NOT NULL DEFAULT 0,
    queue TEXT NOT NULL DEFAULT '',
    patience_us INTEGER NOT NULL DEFAULT 0,
    zone TEXT NOT NULL DEFAULT '',
    tm_create INTEGER NOT NULL DEFAULT 0,
    owner TEXT NOT NULL DEFAULT '',
    status INTEGER NOT NULL DEFAULT 0,
    channel TEXT NOT NULL DEFAULT '',
    agent TEXT NOT NULL DEFAULT '',
    res_dial INTEGER NOT NULL DEFAULT 0,
    res_dial_detail TEXT NOT NULL DEFAULT '',
    res_hangup INTEGER NOT NULL DEFAULT 0,
    res_hangup_detail TEXT NOT NULL DEFAULT '',
    tm_dial INTEGER NOT NULL DEFAULT 0,
    tm_ring INTEGER NOT NULL DEFAULT 0,
    tm_answer INTEGER NOT NULL DEFAULT 0,
    tm_agent INTEGER NOT NULL DEFAULT 0,
    tm_update INTEGER NOT NULL DEFAULT 0,
    hangup_asked INTEGER NOT NULL DEFAULT 0,
    rule INTEGER NOT NULL DEFAULT 0,
    info_campaign TEXT,
    info_plan TEXT,
    info_dest TEXT,
    info_dlma TEXT,
    info_dl TEXT
);

CREATE UNIQUE INDEX dialings_uuid ON dialings (uuid);
-- One open call to a number, over all lists and engines.
CREATE UNIQUE INDEX dialings_addr ON dialings (dial_addr);
CREATE INDEX dialings_list ON dialings (dlma_uuid);
CREATE INDEX dialings_campaign ON dialings (campaign_uuid);
CREATE INDEX dialings_gateway ON dialings (gateway);
CREATE INDEX dialings_hangup ON dialings (gateway) WHERE hangup_asked = 1;

CREATE TABLE versions (
    hash TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL DEFAULT ''
);

CREATE TABLE results (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL,
    action_id TEXT NOT NULL DEFAULT '',
    gateway TEXT NOT NULL DEFAULT '',
    campaign_uuid TEXT NOT NULL DEFAULT '',
    plan_uuid TEXT NOT NULL DEFAULT '',
    dest_uuid TEXT NOT NULL DEFAULT '',
    dlma_uuid TEXT NOT NULL DEFAULT '',
    dl_uuid TEXT NOT NULL DEFAULT '',
    name TEXT NOT NULL DEFAULT '',
    ukey TEXT NOT NULL DEFAULT '',
    dial_channel TEXT NOT NULL DEFAULT '',
    dial_addr TEXT NOT NULL DEFAULT '',
    dial_index INTEGER NOT NULL DEFAULT 0,
    dial_trycnt INTEGER NOT NULL DEFAULT 0,
    dial_timeout INTEGER NOT NULL DEFAULT 0,
    dial_type INTEGER NOT NULL DEFAULT 0,
    dial_context TEXT NOT NULL DEFAULT '',
    dial_exten TEXT NOT NULL DEFAULT '',
    dial_priority TEXT NOT NULL DEFAULT '',
    dial_application TEXT NOT NULL DEFAULT '',
    dial_data TEXT NOT NULL DEFAULT '',
    dial_variables TEXT,
    caller_id TEXT NOT NULL DEFAULT '',
    codecs TEXT NOT NULL DEFAULT '',
    early_media INTEGER NOT NULL DEFAULT 0,
    queue TEXT NOT NULL DEFAULT '',
    patience_us INTEGER NOT NULL DEFAULT 0,
    zone TEXT NOT NULL DEFAULT '',
    tm_create INTEGER NOT NULL DEFAULT 0,
    seq INTEGER,
    dialing_id INTEGER NOT NULL DEFAULT 0,
    status INTEGER NOT NULL DEFAULT 0,
    channel TEXT NOT NULL DEFAULT '',
    agent TEXT NOT NULL DEFAULT '',
    res_dial INTEGER NOT NULL DEFAULT 0,
    res_dial_detail TEXT NOT NULL DEFAULT '',
    res_hangup INTEGER NOT NULL DEFAULT 0,
    res_hangup_detail TEXT NOT NULL DEFAULT '',
    disposition TEXT NOT NULL DEFAULT '',
    abandoned INTEGER,
    tm_dial INTEGER NOT NULL DEFAULT 0,
    tm_ring INTEGER NOT NULL DEFAULT 0,
    tm_answer INTEGER NOT NULL DEFAULT 0,
    tm_agent INTEGER NOT NULL DEFAULT 0,
    tm_hangup INTEGER NOT NULL DEFAULT 0,
    tm_update INTEGER NOT NULL DEFAULT 0,
    ring_us INTEGER NOT NULL DEFAULT 0,
    wait_us INTEGER NOT NULL DEFAULT 0,
    talk_us INTEGER NOT NULL DEFAULT 0,
    billsec INTEGER NOT NULL DEFAULT 0,
    recording TEXT NOT NULL DEFAULT ''
);

CREATE UNIQUE INDEX results_uuid ON results (uuid);
CREATE UNIQUE INDEX results_seq ON results (seq);
CREATE INDEX results_unnumbered ON results (id) WHERE seq IS NULL;
CREATE INDEX results_campaign ON results (campaign_uuid, seq);
CREATE INDEX results_hangup ON results (tm_hangup, seq);

CREATE TABLE tallies (
    campaign_uuid TEXT NOT NULL,
    day TEXT NOT NULL DEFAULT '',
    disposition TEXT NOT NULL DEFAULT '',
    n INTEGER NOT NULL DEFAULT 0,
    live INTEGER NOT NULL DEFAULT 0,
    abandoned INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (campaign_uuid, day, disposition)
);

CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL DEFAULT 0
);

INSERT INTO counters (name, value) VALUES ('results', 0);

CREATE TABLE logs (
    host TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE live (
    campaign_uuid TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL DEFAULT '',
    tm_update INTEGER NOT NULL DEFAULT 0
);

-- For people: times as times, durations in milliseconds.
CREATE VIEW result_log AS
SELECT seq, uuid, campaign_uuid, dlma_uuid, dl_uuid, name, ukey, gateway, dial_channel, dial_addr, dial_index, dial_trycnt, disposition, abandoned, res_dial, res_dial_detail, res_hangup, res_hangup_detail, agent,
    CASE WHEN tm_create > 0 THEN strftime('%Y-%m-%dT%H:%M:%S', tm_create / 1000000, 'unixepoch') || printf('.%06dZ', tm_create % 1000000) END AS tm_create,
    CASE WHEN tm_dial > 0 THEN strftime('%Y-%m-%dT%H:%M:%S', tm_dial / 1000000, 'unixepoch') || printf('.%06dZ', tm_dial % 1000000) END AS tm_dial,
    CASE WHEN tm_ring > 0 THEN strftime('%Y-%m-%dT%H:%M:%S', tm_ring / 1000000, 'unixepoch') || printf('.%06dZ', tm_ring % 1000000) END AS tm_ring,
    CASE WHEN tm_answer > 0 THEN strftime('%Y-%m-%dT%H:%M:%S', tm_answer / 1000000, 'unixepoch') || printf('.%06dZ', tm_answer % 1000000) END AS tm_answer,
    CASE WHEN tm_agent > 0 THEN strftime('%Y-%m-%dT%H:%M:%S', tm_agent / 1000000, 'unixepoch') || printf('.%06dZ', tm_agent % 1000000) END AS tm_agent,
    CASE WHEN tm_hangup > 0 THEN strftime('%Y-%m-%dT%H:%M:%S', tm_hangup / 1000000, 'unixepoch') || printf('.%06dZ', tm_hangup % 1000000) END AS tm_hangup,
    ring_us / 1000 AS ring_ms,
    wait_us / 1000 AS wait_ms,
    talk_us / 1000 AS talk_ms,
    billsec, recording
FROM results;

-- +goose Down
DROP VIEW result_log;
DROP TABLE live;
DROP TABLE logs;
DROP TABLE counters;
DROP TABLE tallies;
DROP TABLE results;
DROP TABLE versions;
DROP TABLE dialings;
DROP TABLE dls;
DROP TABLE campaigns;
DROP TABLE dlmas;
DROP TABLE destinations;
DROP TABLE plans;
