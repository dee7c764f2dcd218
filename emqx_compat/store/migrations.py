"""The tables, as numbered steps. `PRAGMA user_version` counts the steps a database has been through.

A step that was released is never changed: what comes later is a further step. Booleans are 0 and 1, times are
epoch seconds, `extra` is JSON; an unknown value is NULL.
"""

from __future__ import annotations

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE meta (
            key TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE users (
            id INTEGER PRIMARY KEY,
            username TEXT NOT NULL UNIQUE,
            tags TEXT NOT NULL,
            description TEXT NOT NULL,
            role TEXT NOT NULL,
            backend TEXT NOT NULL,
            scheme TEXT NOT NULL,
            salt BLOB NOT NULL,
            digest BLOB NOT NULL,
            extra TEXT
        )
        """,
        """
        CREATE TABLE api_keys (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            key TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL,
            description TEXT NOT NULL,
            enabled INTEGER,
            expired_at INTEGER,
            role TEXT NOT NULL,
            created_at REAL NOT NULL,
            generations TEXT,
            secret TEXT,
            scheme TEXT NOT NULL,
            salt BLOB NOT NULL,
            digest BLOB NOT NULL,
            extra TEXT
        )
        """,
        """
        CREATE TABLE tokens (
            digest BLOB PRIMARY KEY,
            username TEXT NOT NULL,
            role TEXT NOT NULL,
            issued_at REAL NOT NULL,
            expires_at REAL NOT NULL
        ) WITHOUT ROWID
        """,
        "CREATE INDEX tokens_of_user ON tokens (username)",
        """
        CREATE TABLE bans (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            who TEXT NOT NULL,
            by TEXT,
            reason TEXT,
            at INTEGER,
            until INTEGER,
            extra TEXT,
            UNIQUE (kind, who)
        )
        """,
    ),
    (
        """
        CREATE TABLE features (
            name TEXT PRIMARY KEY,
            active INTEGER,
            resumes INTEGER NOT NULL,
            options TEXT
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE mqtt_users (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            scheme TEXT NOT NULL,
            salt BLOB NOT NULL,
            digest BLOB NOT NULL,
            is_superuser INTEGER NOT NULL,
            created_at REAL NOT NULL,
            UNIQUE (kind, name)
        )
        """,
        """
        CREATE TABLE alarms (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            node TEXT NOT NULL,
            message TEXT NOT NULL,
            details TEXT,
            severity TEXT NOT NULL,
            title TEXT NOT NULL,
            summary TEXT NOT NULL,
            legacy_name TEXT NOT NULL,
            legacy_description TEXT NOT NULL,
            activated_at REAL NOT NULL,
            deactivated_at REAL,
            by_restart INTEGER NOT NULL,
            generations TEXT
        )
        """,
    ),
    (
        """
        CREATE TABLE sessions (
            id INTEGER PRIMARY KEY,
            clientid TEXT NOT NULL,
            username TEXT,
            listener TEXT NOT NULL,
            peerhost TEXT,
            peerport INTEGER,
            sockport INTEGER,
            proto_name TEXT NOT NULL,
            proto_ver INTEGER NOT NULL,
            keepalive INTEGER NOT NULL,
            clean_start INTEGER NOT NULL,
            is_bridge INTEGER NOT NULL,
            expiry_interval INTEGER NOT NULL,
            created_at REAL NOT NULL,
            connected_at REAL NOT NULL,
            disconnected_at REAL,
            disconnected_cleanly INTEGER NOT NULL,
            inflight_max INTEGER NOT NULL,
            mqueue_dropped INTEGER NOT NULL,
            will_topic TEXT,
            will_payload BLOB,
            will_qos INTEGER,
            will_retain INTEGER,
            will_properties TEXT,
            will_at REAL
        )
        """,
        """
        CREATE TABLE subscriptions (
            session INTEGER NOT NULL,
            filter TEXT NOT NULL,
            qos INTEGER NOT NULL,
            no_local INTEGER NOT NULL,
            retain_as_published INTEGER NOT NULL,
            retain_handling INTEGER NOT NULL,
            subid INTEGER,
            extra TEXT,
            PRIMARY KEY (session, filter)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE messages (
            id INTEGER PRIMARY KEY,
            topic TEXT NOT NULL,
            payload BLOB NOT NULL,
            qos INTEGER NOT NULL,
            retain INTEGER NOT NULL,
            properties TEXT,
            clientid TEXT NOT NULL,
            username TEXT,
            peerhost TEXT,
            received_at REAL NOT NULL
        )
        """,
        """
        CREATE TABLE queue (
            id INTEGER PRIMARY KEY,
            session INTEGER NOT NULL,
            message INTEGER NOT NULL,
            filter TEXT NOT NULL,
            subid INTEGER,
            qos INTEGER NOT NULL,
            retain INTEGER NOT NULL,
            packet_id INTEGER,
            released INTEGER NOT NULL
        )
        """,
        """
        CREATE TABLE received (
            session INTEGER NOT NULL,
            packet_id INTEGER NOT NULL,
            received_at REAL NOT NULL,
            PRIMARY KEY (session, packet_id)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE retained (
            topic TEXT PRIMARY KEY,
            payload BLOB NOT NULL,
            qos INTEGER NOT NULL,
            properties TEXT,
            clientid TEXT NOT NULL,
            username TEXT,
            peerhost TEXT,
            received_at REAL NOT NULL
        )
        """,
        """
        CREATE TABLE delayed (
            id INTEGER PRIMARY KEY,
            due_at REAL NOT NULL,
            topic TEXT NOT NULL,
            payload BLOB NOT NULL,
            qos INTEGER NOT NULL,
            retain INTEGER NOT NULL,
            properties TEXT,
            clientid TEXT NOT NULL,
            username TEXT,
            peerhost TEXT,
            received_at REAL NOT NULL
        )
        """,
    ),
    (
        """
        CREATE TABLE rules (
            id INTEGER PRIMARY KEY,
            rule_id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            dialect TEXT NOT NULL,
            sql TEXT NOT NULL,
            actions TEXT NOT NULL,
            description TEXT NOT NULL,
            enabled INTEGER NOT NULL,
            hook TEXT NOT NULL,
            on_action_failed TEXT NOT NULL,
            created_at REAL NOT NULL,
            extra TEXT
        )
        """,
        """
        CREATE TABLE resources (
            id INTEGER PRIMARY KEY,
            resource_id TEXT NOT NULL UNIQUE,
            type TEXT NOT NULL,
            name TEXT NOT NULL,
            config TEXT NOT NULL,
            description TEXT NOT NULL,
            created_at REAL NOT NULL,
            extra TEXT
        )
        """,
    ),
)
