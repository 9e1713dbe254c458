/// The tables, as a list of migrations. One that has been released is never edited: a new one is added.
struct Migration: Hashable, Sendable {
    var sql: String
}

enum Schema {
    static let migrations = [Migration(sql: first)]

    /// `ECrt`: a database that a daemon lives on.
    static let applicationID: Int64 = 0x4543_7274
    /// `ECcp`: a copy of one. Where a daemon finds such a file in the place of its own, it was restored.
    static let copyID: Int64 = 0x4543_6370

    /// Current state and history are tables apart: decisions are made from the first, and never read the second.
    /// Times are milliseconds since 1970. What is searched for has a column; the rest is JSON (``PackedText``). Searches
    /// name what they pass over, not what they want, so that a word that was damaged is met and not overlooked.
    private static let first = """
        CREATE TABLE meta (
            name TEXT NOT NULL PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE notes (
            name TEXT NOT NULL PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE budget (
            name TEXT NOT NULL PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE zones (
            id TEXT NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            is_managed INTEGER NOT NULL CHECK (is_managed IN (0, 1)),
            last_complete_look INTEGER,
            last_full_look INTEGER,
            next_look INTEGER,
            planned_under TEXT
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE subjects (
            zone TEXT NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            is_wished INTEGER NOT NULL CHECK (is_wished IN (0, 1)),
            verdict TEXT,
            reason TEXT,
            decided_since INTEGER,
            last_change_at INTEGER,
            last_generation INTEGER NOT NULL,
            next_look INTEGER,
            rest TEXT NOT NULL,
            PRIMARY KEY (zone, kind, name)
        ) STRICT;
        CREATE INDEX subjects_unwished ON subjects (zone, kind, name) WHERE is_wished = 0;

        CREATE TABLE objects (
            zone TEXT NOT NULL,
            kind TEXT NOT NULL,
            id TEXT NOT NULL,
            name TEXT NOT NULL,
            ownership TEXT NOT NULL CHECK (ownership IN ('ordered', 'adopted', 'foreign')),
            status TEXT NOT NULL,
            stage TEXT NOT NULL,
            since INTEGER NOT NULL,
            first_seen INTEGER NOT NULL,
            last_seen INTEGER NOT NULL,
            serving_since INTEGER,
            last_served_at INTEGER,
            missing_since INTEGER,
            generation INTEGER,
            delivered_at INTEGER,
            command_succeeded_at INTEGER,
            rung INTEGER,
            not_after INTEGER,
            issuance_name TEXT NOT NULL,
            wish_key TEXT,
            removed_for TEXT,
            traits TEXT NOT NULL,
            PRIMARY KEY (zone, kind, id)
        ) STRICT;
        CREATE INDEX objects_by_subject ON objects (zone, kind, name, first_seen, since, id);
        CREATE INDEX objects_present ON objects (zone, kind, name) WHERE stage NOT IN ('gone', 'revoked');
        CREATE INDEX objects_over ON objects (zone, kind, name, first_seen, since, id)
            WHERE stage IN ('gone', 'revoked') AND ownership <> 'foreign';

        CREATE TABLE operations (
            id TEXT NOT NULL PRIMARY KEY,
            zone TEXT NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            effect TEXT NOT NULL CHECK (effect IN ('local', 'create', 'change', 'remove')),
            object TEXT,
            issuance_name TEXT,
            is_issuance INTEGER NOT NULL CHECK (is_issuance IN (0, 1)),
            reason TEXT NOT NULL,
            committed_at INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('open', 'accepted', 'failed', 'lost')),
            lacked_since INTEGER,
            resolved_at INTEGER,
            made TEXT,
            error_code TEXT,
            error_message TEXT,
            asked_by TEXT,
            action TEXT NOT NULL,
            request_pem TEXT,
            request_der TEXT,
            baseline TEXT NOT NULL
        ) STRICT;
        CREATE INDEX operations_open ON operations (zone) WHERE state NOT IN ('accepted', 'failed', 'lost');
        CREATE INDEX operations_by_time ON operations (committed_at, id);
        CREATE INDEX operations_by_subject ON operations (zone, kind, name, committed_at, id);

        CREATE TABLE episodes (
            seq INTEGER PRIMARY KEY,
            rank INTEGER NOT NULL CHECK (rank IN (0, 1, 2)),
            zone TEXT NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            condition TEXT NOT NULL,
            detail TEXT NOT NULL,
            raised_at INTEGER NOT NULL,
            last_told INTEGER NOT NULL,
            resolved_at INTEGER
        ) STRICT;
        CREATE UNIQUE INDEX episodes_open ON episodes (zone, rank, kind, name, condition) WHERE resolved_at IS NULL;

        CREATE TABLE approvals (
            zone TEXT NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            reason TEXT NOT NULL,
            at INTEGER NOT NULL,
            by TEXT NOT NULL,
            PRIMARY KEY (zone, kind, name, reason)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE suspensions (
            rank INTEGER NOT NULL CHECK (rank IN (0, 1, 2)),
            zone TEXT NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            reason TEXT NOT NULL,
            until INTEGER NOT NULL,
            by TEXT NOT NULL,
            at INTEGER NOT NULL,
            PRIMARY KEY (rank, zone, kind, name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE transitions (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            zone TEXT NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            object TEXT,
            at INTEGER NOT NULL,
            event TEXT NOT NULL,
            from_stage TEXT NOT NULL,
            from_status TEXT NOT NULL,
            to_stage TEXT NOT NULL,
            to_status TEXT NOT NULL,
            move TEXT NOT NULL,
            reason TEXT,
            operation TEXT,
            detail TEXT NOT NULL
        ) STRICT;
        CREATE INDEX transitions_by_subject ON transitions (zone, kind, name);
        CREATE INDEX transitions_by_time ON transitions (at);

        CREATE TABLE checkpoints (
            zone TEXT NOT NULL,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            up_to_seq INTEGER NOT NULL,
            up_to INTEGER NOT NULL,
            count INTEGER NOT NULL,
            standing TEXT NOT NULL,
            PRIMARY KEY (zone, kind, name)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE audit (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            at INTEGER NOT NULL,
            person TEXT NOT NULL,
            verb TEXT NOT NULL,
            target TEXT NOT NULL,
            detail TEXT NOT NULL,
            outcome TEXT NOT NULL
        ) STRICT;

        CREATE TRIGGER transitions_stay BEFORE UPDATE ON transitions BEGIN
            SELECT raise(ABORT, 'history is only appended to');
        END;
        CREATE TRIGGER transitions_once BEFORE INSERT ON transitions
        WHEN EXISTS (SELECT 1 FROM transitions WHERE seq = NEW.seq) BEGIN
            SELECT raise(ABORT, 'history is only appended to');
        END;
        CREATE TRIGGER transitions_pruned BEFORE DELETE ON transitions
        WHEN NOT EXISTS (
            SELECT 1 FROM checkpoints
            WHERE zone = OLD.zone AND kind = OLD.kind AND name = OLD.name AND up_to_seq >= OLD.seq
        ) BEGIN
            SELECT raise(ABORT, 'history goes only where a checkpoint takes its place');
        END;
        CREATE TRIGGER checkpoints_grow BEFORE UPDATE ON checkpoints
        WHEN NEW.up_to_seq <= OLD.up_to_seq OR NEW.count <= OLD.count BEGIN
            SELECT raise(ABORT, 'a checkpoint only moves on');
        END;
        CREATE TRIGGER checkpoints_stay BEFORE DELETE ON checkpoints BEGIN
            SELECT raise(ABORT, 'a checkpoint stays');
        END;
        CREATE TRIGGER audit_stays BEFORE UPDATE ON audit BEGIN
            SELECT raise(ABORT, 'the audit is only appended to');
        END;
        CREATE TRIGGER audit_once BEFORE INSERT ON audit
        WHEN EXISTS (SELECT 1 FROM audit WHERE seq = NEW.seq) BEGIN
            SELECT raise(ABORT, 'the audit is only appended to');
        END;
        CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN
            SELECT raise(ABORT, 'the audit is only appended to');
        END;
        """
}
