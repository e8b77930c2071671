-- A catalogue as the program of version 1 of the tables has written it (0.1.0 at b10246e): what was imported of three
-- files, so that it depends on no machine. The seals are those that it gave.
PRAGMA page_size = 8192;
PRAGMA journal_mode = WAL;
CREATE TABLE volume (
        id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, root BLOB NOT NULL, mount_point BLOB NOT NULL,
        host TEXT NOT NULL, seen_s INTEGER NOT NULL
    ) STRICT;
CREATE TABLE folder (
        id INTEGER PRIMARY KEY, volume INTEGER NOT NULL REFERENCES volume, inode INTEGER NOT NULL, path BLOB NOT NULL,
        seal INTEGER NOT NULL, UNIQUE (volume, inode)
    ) STRICT;
CREATE INDEX folder_by_path ON folder (volume, path);
CREATE TABLE rules (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE decoder (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE file (
        id INTEGER PRIMARY KEY,
        folder INTEGER NOT NULL REFERENCES folder, name BLOB NOT NULL, rules INTEGER NOT NULL REFERENCES rules,
        inode INTEGER NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL,
        decoder INTEGER NOT NULL REFERENCES decoder, format TEXT, width INTEGER, height INTEGER, frames INTEGER,
        head_bytes INTEGER, whole_bytes INTEGER, first_rows INTEGER,
        keys BLOB, payload BLOB, content BLOB, digest BLOB, failures TEXT, metadata TEXT,
        probe INTEGER, seal INTEGER NOT NULL,
        UNIQUE (folder, name, rules)
    ) STRICT;
CREATE INDEX file_by_probe ON file (probe) WHERE probe IS NOT NULL;
INSERT INTO volume VALUES (1, 'import host ext4 1', x'', x'2f', 'host', 1795659440);
INSERT INTO folder VALUES (1, 1, 4962903003601449135, x'61', 3981403757961505472);
INSERT INTO rules VALUES (1, 'rules 1');
INSERT INTO decoder VALUES (1, 'decoder of nothing');
INSERT INTO decoder VALUES (2, 'decoder of PNG');
INSERT INTO decoder VALUES (3, 'decoder of JPEG');
INSERT INTO file VALUES (1, 1, x'6e6f6e652e747874', 1, 7, 8, 9, 10, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, -568775553973575265);
INSERT INTO file VALUES (2, 1, x'6f6e652e706e67', 1, 7, 8, 9, 10, 2, 'PNG', 40, 30, 1, 100, 5000, 1, x'050000000000000000000000000000000600000000000000', x'0101010101010101010101010101010101010101010101010101010101010101', x'0202020202020202020202020202020202020202020202020202020202020202', x'0303030303030303030303030303030303030303030303030303030303030303', NULL, '{}', 217020518514230019, 3176890290877620684);
INSERT INTO file VALUES (3, 1, x'74776f20ff2e6a7067', 1, 7, 8, 9, 10, 3, 'JPEG', 40, 30, NULL, 100, 5000, 1, NULL, NULL, NULL, NULL, '{"whole":"it is \"cut\""}', NULL, 77, -4013649125155255421);
PRAGMA application_id = 1886934135;
PRAGMA user_version = 1;
