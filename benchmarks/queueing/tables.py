"""The measured claims as tables, with what they are compared to."""

from benchmarks.measuring import Report, Row
from benchmarks.queueing.claims import (
    FINISH,
    LEGACY,
    LEGACY_SUBMIT,
    OURS_CLAIM,
    OURS_EIGHT,
    OURS_ONE,
    RAW_EIGHT,
    RAW_ONE,
    REFUSED,
    SUBMIT,
    Rates,
)
from benchmarks.queueing.costs import Figures

CLAIMS = (RAW_ONE, RAW_EIGHT, OURS_ONE, OURS_EIGHT, OURS_CLAIM, LEGACY)
OTHERS = (SUBMIT, LEGACY_SUBMIT, FINISH, REFUSED)
DURABLE = "PostgreSQL, default durability"


def add_claims(report: Report, found: dict[int, Rates]) -> None:
    """All sections: rates by length of the queue, what a call costs, other calls, long against short queue."""
    short, long = min(found), max(found)
    for size in found:
        _add_rates(report, found[size], f"claims, jobs a second, {size:,} queued; {DURABLE}")
    report.section(f"cost of a claim at {long:,} queued, as a multiple of that at {short:,}")
    for what in (what for what in CLAIMS if what in found[long]):
        report.add(what, **_ratios(found[short][what], found[long][what]))
    report.section(f"other calls a second; {DURABLE}")
    for what in (what for what in OTHERS if what in found[short]):
        report.add(what, **_rates(found[short][what]))
    if LEGACY_SUBMIT in found[short]:
        ratios = _ratios(found[short][SUBMIT], found[short][LEGACY_SUBMIT])
        report.add("ratio: submit, ours / 0.5.3", **ratios)
    clients = max(found[short][RAW_ONE])
    report.section(f"what a call costs, {clients} clients, {short:,} queued")
    for what, by_clients in found[short].items():
        if what not in (RAW_ONE, RAW_EIGHT):
            report.add(what, **by_clients[clients].row())


def _add_rates(report: Report, rates: Rates, title: str) -> None:
    report.section(title)
    for what in (what for what in CLAIMS if what in rates):
        report.add(what, **_rates(rates[what]))
    for what, limit in ((OURS_ONE, RAW_ONE), (OURS_EIGHT, RAW_EIGHT)):
        share = _ratios(rates[what], rates[limit])
        row = {column: 100 * value for column, value in share.items()}
        report.add(f"% of the raw limit: {what.removeprefix('ours: ')}", **row)
    if LEGACY in rates:
        for what in (OURS_ONE, OURS_EIGHT, OURS_CLAIM):
            name = what.removeprefix("ours: ")
            report.add(f"ratio: {name}, to 0.5.3's claim", **_ratios(rates[what], rates[LEGACY]))


def _column(clients: int) -> str:
    return f"{clients}_client{'s' if clients > 1 else ''}"


def _rates(measured: dict[int, Figures]) -> Row:
    return {_column(clients): each.per_s for clients, each in measured.items()}


def _ratios(over: dict[int, Figures], under: dict[int, Figures]) -> Row:
    """Rates divided, where both were measured and something was handed out."""
    return {
        _column(n): each.per_s / under[n].per_s
        for n, each in over.items()
        if n in under and under[n].per_s
    }
