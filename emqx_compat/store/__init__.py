"""What must outlive the process: one SQLite database in the data directory, readable with plain sqlite3."""

from emqx_compat.store.database import Statement, Store, StoreError

__all__ = ["Statement", "Store", "StoreError"]
