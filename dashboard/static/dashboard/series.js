// Series as /api/v1/series?format=binary sends them: docs/series.md describes the layout.
const MAGIC = "WHIRRSR1";
const KINDS = { float64: Float64Array, int64: BigInt64Array, uint32: Uint32Array };

/** The header, with `points` for each series: typed arrays that lie in `buffer` itself. Throws where it is no answer. */
export function decode(buffer) {
  const text = (start, length) => new TextDecoder().decode(new Uint8Array(buffer, start, length));
  if (buffer.byteLength < 12 || text(0, 8) !== MAGIC) throw new Error("these bytes are no series of whirr");
  const length = new DataView(buffer).getUint32(8, true);
  const { series, ...header } = JSON.parse(text(12, length));
  const column = ([kind, offset, count]) => new KINDS[kind](buffer, 12 + length + offset, count);
  const points = (arrays) => Object.fromEntries(Object.entries(arrays).map(([name, place]) => [name, column(place)]));
  return { ...header, series: series.map(({ arrays, ...each }) => ({ ...each, points: points(arrays) })) };
}
