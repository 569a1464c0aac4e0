"""Claims, finishes and submissions a second: straight from PostgreSQL, through our server, through whirr 0.5.3's."""

import itertools
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.queueing import calls, fill, raw, sites
from benchmarks.queueing.costs import Figures, Meter, figures, middle
from benchmarks.queueing.load import Count, Requests, drive, one_if_ok
from benchmarks.queueing.postgres import Connection, Postgres, server
from benchmarks.queueing.sites import Site

# Workers of one client, in turn: a worker that owns thousands of running attempts exists nowhere, and would be what is
# measured. 64 of them own a handful each when a measurement ends.
POOL = 64
WARM_UP = 2  # requests of each client
OURS_ONE, OURS_EIGHT = "ours: sync, one job", "ours: sync, eight jobs"
OURS_CLAIM, LEGACY = "ours: POST /jobs/claim", "whirr 0.5.3: POST /jobs/claim"
RAW_ONE, RAW_EIGHT = "raw limit: one row a statement", "raw limit: eight rows a statement"
FINISH, SUBMIT, LEGACY_SUBMIT = "ours: finish", "ours: submit", "whirr 0.5.3: submit"
REFUSED = "ours: a refused sync (no SQL)"

Rates = dict[str, dict[int, Figures]]  # what → clients → figures


@dataclass(frozen=True)
class Plan:
    """How much is measured. `enough` jobs end a round early, so that the queue stays about as long as it says."""

    sizes: tuple[int, ...]
    clients: tuple[int, ...]
    rounds: int
    seconds: float
    enough: int


FULL = Plan((10_000, 1_000_000), (1, 4, 16), rounds=3, seconds=1.5, enough=5_000)
QUICK = Plan((2_000, 20_000), (1, 16), rounds=1, seconds=0.3, enough=1_000)


def measure(plan: Plan) -> dict[int, Rates]:
    """All rates, by the length of the queue; of what does not depend on it only at the first.

    Each part has a PostgreSQL of its own: what one leaves behind (a million dirty rows) is not paid by the next.
    """
    found: dict[int, Rates] = {size: {} for size in plan.sizes}
    for part in (_measure_raw, _measure_ours, _measure_legacy):
        with tempfile.TemporaryDirectory(prefix="whirr-bench-") as folder, server() as postgres:
            part(postgres, plan, found, Path(folder))
    return found


def _measure_raw(postgres: Postgres, plan: Plan, found: dict[int, Rates], folder: Path) -> None:
    url = postgres.create("raw")
    with postgres.connect("raw") as connection:
        raw.create(connection)
        for size, (what, rows), clients in itertools.product(
            plan.sizes, ((RAW_ONE, 1), (RAW_EIGHT, 8)), plan.clients
        ):
            rounds = []
            for _ in range(plan.rounds):
                raw.fill(connection, size)
                rate = raw.claims_per_second(
                    url, connections=clients, rows=rows, seconds=plan.seconds, enough=plan.enough
                )
                rounds.append(Figures(rate, *[0.0] * 6))
            found[size].setdefault(what, {})[clients] = middle(rounds)


@dataclass(frozen=True)
class Case:
    """One call: what the n-th of several clients sends, and how to count what it is given."""

    what: str
    requests: Callable[[int, int], Requests]  # (client, clients)
    count: Count = one_if_ok


class Bench:
    """A site, its database, and how both become again what they were."""

    def __init__(
        self, site: Site, postgres: Postgres, plan: Plan, reset: Callable[[], object]
    ) -> None:
        self.site, self.plan = site, plan
        self._postgres, self._reset = postgres, reset

    def run(self, case: Case, rates: Rates, *, before: Callable[[], object] = lambda: None) -> None:
        """The case with each number of clients, several rounds, and everything reset after each."""
        for clients in self.plan.clients:
            rounds = []
            for _ in range(self.plan.rounds):
                before()
                rounds.append(self._round(case, clients))
                self._reset()
            rates.setdefault(case.what, {})[clients] = middle(rounds)

    def _round(self, case: Case, clients: int) -> Figures:
        loads = [case.requests(number, clients) for number in range(clients)]
        # Threads of the server and their connections to the database are there before the clock starts.
        drive(self.site.port, [itertools.islice(load, WARM_UP) for load in loads], seconds=30)
        web, database = Meter(self.site.pids), Meter(self._postgres.pids)
        outcome = drive(
            self.site.port,
            loads,
            seconds=self.plan.seconds,
            enough=self.plan.enough,
            count=case.count,
        )
        measured = figures(outcome, web=web.read(), postgres=database.read())
        calls.handed_out(outcome)
        return measured


def _measure_ours(postgres: Postgres, plan: Plan, found: dict[int, Rates], folder: Path) -> None:
    url = postgres.create("ours")
    with postgres.connect("ours") as connection:
        with sites.ours(url, folder) as site:
            filler = fill.prepare(site, connection)
        for size in plan.sizes:
            # While nobody looks: the server would go through a million events as news.
            filler.reset("queued")
            filler.fill("queued", size)
            with sites.ours(url, folder) as site:
                bench = Bench(site, postgres, plan, lambda: _as_before(filler, folder))
                for case in _claim_cases(site, filler):
                    bench.run(case, found[size])
                if size == plan.sizes[0]:
                    _measure_other_calls(bench, connection, filler, found[size])


def _as_before(filler: fill.Filler, folder: Path) -> None:
    filler.reset("queued")
    shutil.rmtree(folder / "data" / "runs", ignore_errors=True)  # making folders is part of a claim


def _claim_cases(site: Site, filler: fill.Filler) -> list[Case]:
    def syncs(slots: int) -> Callable[[int, int], Requests]:
        return lambda *_: calls.syncs(site.token, filler.workers(POOL), free_slots=slots)

    def claims(*_: int) -> Requests:
        return calls.legacy_claims(site.token, filler.workers(POOL))

    return [
        Case(OURS_ONE, syncs(1), calls.orders_in),
        Case(OURS_EIGHT, syncs(8), calls.orders_in),
        Case(OURS_CLAIM, claims, calls.job_in),
    ]


def _measure_other_calls(
    bench: Bench, connection: Connection, filler: fill.Filler, rates: Rates
) -> None:
    site = bench.site

    def claim_some() -> None:
        loads = [calls.syncs(site.token, filler.workers(POOL), free_slots=8) for _ in range(8)]
        enough = bench.plan.enough
        drive(
            site.port, loads, seconds=bench.plan.seconds * 2, enough=enough, count=calls.orders_in
        )

    def finishes(client: int, clients: int) -> Requests:
        query = "SELECT worker_name, job_id FROM jobs_attempt WHERE status = 'running' ORDER BY id"
        orders = connection.execute(query).fetchall()
        return calls.finishes(site.token, [(str(w), int(j)) for w, j in orders[client::clients]])

    bench.run(Case(FINISH, finishes), rates, before=claim_some)
    bench.run(Case(REFUSED, lambda *_: calls.refused(site.token), calls.refusal_in), rates)
    bench.run(Case(SUBMIT, lambda *_: calls.submissions(site.token)), rates)


def _measure_legacy(postgres: Postgres, plan: Plan, found: dict[int, Rates], folder: Path) -> None:
    url = postgres.create("legacy")
    with postgres.connect("legacy") as connection, sites.legacy(url, folder) as site:
        claims = Case(
            LEGACY,
            lambda *_: calls.legacy_claims("", [f"w{n}" for n in range(POOL)]),
            calls.job_in,
        )
        submits = Case(LEGACY_SUBMIT, lambda *_: calls.submissions(""))
        for size in plan.sizes:
            fill.fill_legacy(connection, queued=size)
            # In a long queue each of its claims sorts all jobs, a third of a second: one round says enough.
            rounds = plan.rounds if size == plan.sizes[0] else 1
            bench = Bench(
                site,
                postgres,
                replace(plan, rounds=rounds),
                lambda: fill.reset_legacy(connection),
            )
            bench.run(claims, found[size])
            if size == plan.sizes[0]:
                bench.run(submits, found[size])
