"""One file, several processes: how SQLite must be opened for a queue."""

from pathlib import Path
from typing import Any


def database(path: Path) -> dict[str, Any]:
    """A Django database entry for the file at `path`.

    WAL lets readers go on beside the one writer. IMMEDIATE takes the write lock when a transaction begins: a claim
    that first reads and then writes would otherwise fail with "database is locked" instead of waiting its turn.
    A new file gives pages that became free back to the disk (`auto_vacuum`); one made before keeps and reuses them.
    `synchronous=NORMAL` survives the death of any process; a power cut may take back the last commits, never more.
    """
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": (
                "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                "PRAGMA cache_size=-16000;"
                "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=67108864; PRAGMA journal_size_limit=67108864;"
            ),
        },
        # A file, not memory: tests claim from several threads, each with a connection of its own.
        "TEST": {"NAME": str(path.with_name(f"test-{path.name}"))},
    }
