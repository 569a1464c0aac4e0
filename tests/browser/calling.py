"""Calling the modules of charts in a page that has nothing else: typed arrays go in, lists come out."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

Call = Callable[..., Any]

# Typed arrays on the way in and lists on the way out; what JSON has no number for is a text.
RUN = """async ([module, body, given]) => {
  const { Curve } = await import("/charts/curve.js");
  const column = (values) => Float64Array.from(values, (each) => each === null ? NaN : Number(each));
  const curve = ({ x: along, y, low, high, axis, ...told }) => {
    const x = column(along ?? y.map((_, at) => at)), value = column(y);
    const points = { x, value, min: column(low ?? y), max: column(high ?? y), step: x, time: x };
    return new Curve({ run: "r", writer: "", attempt: 1, key: "loss", count: value.length, nan_count: 0,
      first_nan_step: null, exact: true, ...told, points }, axis ?? "step");
  };
  const made = await (new Function("m", "column", "curve", "given", `return (async () => ${body})()`))(
    await import(module), column, curve, given);
  return JSON.parse(JSON.stringify(made, (_, each) => ArrayBuffer.isView(each) ? Array.from(each, String)
    : typeof each === "number" && !Number.isFinite(each) ? String(each) : each) ?? "null");
}"""


def calling(page: Page) -> Call:
    """`run("scales", "m.symlog(9, 1)")`: what an expression about a module of charts/ comes to."""

    def call(module: str, body: str, given: Any = None) -> Any:
        return page.evaluate(RUN, [f"/charts/{module}.js", body, given])

    return call


def floats(told: list[Any]) -> list[float]:
    """Numbers of a typed array, which come as texts since some of them are NaN."""
    return [float(each) for each in told]
