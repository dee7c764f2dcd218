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
)
