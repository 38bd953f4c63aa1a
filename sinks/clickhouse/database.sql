-- What must be there before the first migration: the database, and the ledger of what was applied to it.
-- Run at every migrate; it changes nothing that exists.

CREATE DATABASE IF NOT EXISTS {database:Identifier} COMMENT 'Throughline: every contact of every customer, once each';

CREATE TABLE IF NOT EXISTS {database:Identifier}.migrations
(
    number UInt16 COMMENT 'The number that the file name begins with',
    name String COMMENT 'The file name without its ending',
    checksum String COMMENT 'SHA-256 of the file; an applied file is never edited',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was last applied'
)
ENGINE = ReplacingMergeTree
ORDER BY (number, checksum)
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1
COMMENT 'Ledger of the migrations that were applied to this database';
