"""Fills a database with jobs and workers by the million: copies of rows that the server itself has made.

Only the columns that tell rows apart are named here, so new columns need no change.
"""

from psycopg import sql

from benchmarks.queueing.postgres import Connection
from benchmarks.queueing.sites import Site

TABLES = {"run": "runs_run", "job": "jobs_job", "event": "jobs_jobevent", "attempt": "jobs_attempt"}
SLOTS = 1000  # of a worker: never the limit
WORKER = "template"
# By an index: "not queued" would read a million rows.
TOUCHED = """CREATE TEMPORARY TABLE touched ON COMMIT DROP AS SELECT id, run_id FROM jobs_job
WHERE status IN ('waiting', 'running', 'completed', 'failed', 'cancelled')"""
Columns = dict[str, str]  # column → the SQL that fills it in a copy


class Filler:
    """One database of ours, while its web process may be running.

    `learn` has to see a job whose copies are wanted; `add` makes them.
    """

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        self._next_worker = 0

    def learn(self, kind: str, job_id: int) -> None:
        """Remember a job's rows as they are now, in tables of their own."""
        (run_id,) = self._one("SELECT run_id FROM jobs_job WHERE id = %s", job_id)
        keys = {"run": ("id", run_id), "job": ("id", job_id)}
        for short, table in TABLES.items():
            column, value = keys.get(short, ("job_id", job_id))
            query = sql.SQL("CREATE TABLE {} AS SELECT * FROM {} WHERE {} = {}")
            names = sql.Identifier(f"bench_{kind}_{short}"), sql.Identifier(table)
            self._db.execute(query.format(*names, sql.Identifier(column), sql.Literal(value)))

    def add(self, kind: str, copies: int) -> None:
        """Queue (or whatever the template's state was) that many more jobs, with their runs, events and attempts."""
        job, run = (
            self._one(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")[0]
            for table in ("jobs_job", "runs_run")
        )
        told: dict[str, Columns] = {
            "run": {"id": f"{run} + n", "key": f"'job-' || ({job} + n)"},
            "job": {"id": f"{job} + n", "run_id": f"{run} + n"},
            "event": {"job_id": f"{job} + n"},
            "attempt": {"job_id": f"{job} + n"},
        }
        # The rows refer to one another by construction; checking each reference would take most of the time.
        with self._db.transaction():
            self._db.execute("SET LOCAL session_replication_role = replica")
            for short, columns in told.items():
                self._copy(f"bench_{kind}_{short}", TABLES[short], columns, copies)
        for table in ("runs_run", "jobs_job"):
            self._db.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )

    def fill(self, kind: str, jobs: int) -> None:
        """As `add`, up to that many queued ones."""
        (queued,) = self._one("SELECT count(*) FROM jobs_job WHERE status = 'queued'")
        if queued < jobs:
            self.add(kind, jobs - queued)
            self.tidy()
            self._db.execute("CHECKPOINT")  # now, and not while something is measured

    def workers(self, count: int) -> list[str]:
        """New workers, copies of the one that `register` made."""
        first, self._next_worker = self._next_worker, self._next_worker + count
        columns = {"worker_id": f"'w' || ({first} + n)"}
        self._copy("bench_worker", "jobs_worker", columns, count)
        return [f"w{first + n}" for n in range(count)]

    def reset(self, kind: str) -> None:
        """Every job queued again as if nobody had ever claimed it, and no worker but the template.

        A long measurement would otherwise work on another database than a short one.
        """
        with self._db.transaction():
            self._db.execute("SET LOCAL session_replication_role = replica")
            self._db.execute(TOUCHED)
            self._restore("runs_run", f"bench_{kind}_run", "SELECT run_id FROM touched")
            self._restore("jobs_job", f"bench_{kind}_job", "SELECT id FROM touched")
            self._db.execute(
                "DELETE FROM jobs_jobevent WHERE kind <> 'submitted' AND job_id IN (SELECT id FROM touched)"
            )
            self._db.execute("DELETE FROM jobs_attempt")
            self._db.execute("DELETE FROM jobs_worker WHERE worker_id <> %s", [WORKER])
        self.tidy()

    def tidy(self) -> None:
        """What autovacuum does sooner or later, now: every measurement begins alike."""
        for table in (*TABLES.values(), "jobs_worker"):
            self._db.execute(f"VACUUM (ANALYZE) {table}")

    def _restore(self, table: str, template: str, ids: str) -> None:
        own = {"id", "key", "run_id"}
        columns = sql.SQL(", ").join(
            sql.Identifier(name) for name in self._columns(table) if name not in own
        )
        query = sql.SQL("UPDATE {} SET ({}) = (SELECT {} FROM {}) WHERE id IN ({})")
        names = sql.Identifier(table), columns, columns, sql.Identifier(template)
        self._db.execute(query.format(*names, sql.SQL(ids)))

    def _copy(self, template: str, table: str, told: Columns, copies: int) -> None:
        names = [name for name in self._columns(table) if name != "id" or name in told]
        values = [sql.SQL(told[n]) if n in told else sql.Identifier("t", n) for n in names]
        query = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} t, generate_series(0, {}) n")
        comma = sql.SQL(", ")
        self._db.execute(
            query.format(
                sql.Identifier(table),
                comma.join(map(sql.Identifier, names)),
                comma.join(values),
                sql.Identifier(template),
                sql.Literal(copies - 1),
            )
        )

    def _columns(self, table: str) -> list[str]:
        query = "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
        return [name for (name,) in self._db.execute(query, [table])]

    def _one(self, query: str, *values: object) -> tuple[int, ...]:
        row = self._db.execute(query, values).fetchone()
        assert row is not None
        return row


def prepare(site: Site, connection: Connection) -> Filler:
    """Let the server make what will be copied: a worker, a queued job, and one that has been worked on ("done")."""
    filler, client = Filler(connection), site.client()
    worker = {"worker_id": WORKER, "hostname": "bench", "slots": SLOTS}
    client.post("/api/v1/workers/register", worker)
    query = "CREATE TABLE bench_worker AS SELECT * FROM jobs_worker WHERE worker_id = %s"
    connection.execute(query.replace("%s", f"'{WORKER}'"))
    job = {"command_argv": ["python", "train.py", "--lr", "0.1"], "workdir": "/home/me/project"}
    job_id = int(client.post("/api/v1/jobs", job).json()["job_id"])
    filler.learn("queued", job_id)
    wish = {"claim_id": "first", "free_slots": 1, "lease_seconds": 600, "hold_seconds": 0}
    (order,) = client.post(f"/api/v1/workers/{WORKER}/sync", wish).json()["jobs"]
    path = f"/api/v1/jobs/{job_id}/attempts/{order['attempt']}/finish"
    client.post(path, {"worker_id": WORKER, "outcome": "exited", "exit_code": 0})
    filler.learn("done", job_id)
    return filler


LEGACY_JOBS = """INSERT INTO jobs (command_argv, workdir, attempt)
SELECT '["python", "train.py", "--lr", "0.1"]', '/home/me/project', 1 FROM generate_series(1, %s)"""
LEGACY_DONE = """WITH done AS (INSERT INTO jobs (command_argv, workdir, status, started_at,
finished_at, worker_id, exit_code)
SELECT '["python", "train.py"]', '/home/me/project', 'completed', now(), now(), 'template', 0
FROM generate_series(1, %s) RETURNING id)
INSERT INTO runs (id, job_id, status, finished_at, duration_seconds, run_dir)
SELECT 'job-' || id, id, 'completed', now(), 1, '/runs' FROM done"""


def fill_legacy(connection: Connection, *, queued: int, done: int = 0) -> None:
    """The same for whirr 0.5.3, whose tables do not change any more: exactly that many jobs."""
    connection.execute("TRUNCATE jobs, runs")
    connection.execute(LEGACY_JOBS, [queued])
    connection.execute(LEGACY_DONE, [done])
    connection.execute("VACUUM (ANALYZE) jobs")
    connection.execute("CHECKPOINT")


def reset_legacy(connection: Connection) -> None:
    """Every claimed job queued again."""
    connection.execute(
        "UPDATE jobs SET status = 'queued', worker_id = NULL WHERE status = 'running'"
    )
    connection.execute("VACUUM (ANALYZE) jobs")
