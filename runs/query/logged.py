"""Conditions on a metric of a run, as one piece of SQL each.

Django's own subqueries do the same, and cost it milliseconds each to put together: a filter of a hundred comparisons,
which is asked several times for one page, kept a process busy for half a minute.
"""

from typing import Any

from django.db.models import BooleanField, F, Func

from runs.models import Series

# The newest attempt's series, of the writer that comes first, as `runs.selectors.of_first_writers` says it.
SOME = """EXISTS (
    SELECT 1 FROM {series} AS mine
    WHERE mine.run_id = {run} AND mine.attempt = {attempt} AND mine.key = %s AND (mine.writer = '' OR NOT EXISTS (
        SELECT 1 FROM {series} AS earlier
        WHERE earlier.run_id = mine.run_id AND earlier.attempt = mine.attempt AND earlier.key = mine.key
            AND earlier.writer < mine.writer
    )) {condition}
)"""
SIGNS = ("=", "<", "<=", ">", ">=")


class Logged(Func):
    """Whether the run has the metric, and with `column` a value of it that fulfils a condition.

    `sign` is one of SIGNS; by `=` several `numbers` may be given, of which one has to be equal. `or_nan`: or the value
    is no number.
    """

    output_field = BooleanField()

    def __init__(
        self,
        key: str,
        column: str = "",
        sign: str = "=",
        numbers: tuple[float, ...] = (),
        *,
        or_nan: bool = False,
    ) -> None:
        super().__init__(F("id"), F("attempt"))
        if sign not in SIGNS:
            raise ValueError(f"{sign} compares no numbers")
        self.key = key
        self.column = (
            Series._meta.get_field(column).name if column else ""
        )  # never a word of a filter
        self.sign = sign
        self.numbers = numbers
        self.or_nan = or_nan

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self._exists(compiler, connection)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self._exists(compiler, connection)

    def _exists(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        (run, before), (attempt, between) = map(compiler.compile, self.source_expressions)
        condition, values = self._condition(connection.vendor)
        table = connection.ops.quote_name(Series._meta.db_table)
        sql = SOME.format(series=table, run=run, attempt=attempt, condition=condition)
        return sql, [*before, *between, self.key, *values]

    def _condition(self, vendor: str) -> tuple[str, list[float]]:
        if not self.column:
            return "", []
        as_float = "double precision" if vendor == "postgresql" else "REAL"
        value = f"CAST(mine.{self.column} AS {as_float})"
        told = []
        if self.or_nan:
            told.append(f"mine.{self.column} IS NULL AND mine.count > 0")
        if self.sign == "=" and self.numbers:
            told.append(f"{value} IN ({', '.join(['%s'] * len(self.numbers))})")
        elif self.numbers:
            told.append(f"{value} {self.sign} %s")
        return f"AND ({' OR '.join(told)})", list(self.numbers)

    @property
    def identity(self) -> tuple[Any, ...]:
        mine = (self.key, self.column, self.sign, self.numbers, self.or_nan)
        return (type(self), *mine, *(repr(each) for each in self.source_expressions))
