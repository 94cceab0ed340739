// Tensors on the page: text, heat map and histogram. An excerpt is what the recorder kept of a tensor.

/// JSON has no NaN and no infinity, so these are recorded as strings; and a float32 as its shortest text, which
/// a double would read as another number.
function readExcerpt(excerpt) {
  if (!excerpt) return null;
  excerpt.values = excerpt.values.map(x => rounded(Number(x), excerpt.dtype));
  return excerpt;
}

const sum = numbers => [...numbers].reduce((total, x) => total + x, 0);
const count = shape => shape.reduce((product, size) => product * size, 1);
const shapeText = shape => `[${shape.join(", ")}]`;
function bytesText(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
function timeText(seconds) {
  const [x, unit] = seconds < 1e-3 ? [1e6 * seconds, "µs"] : [1e3 * seconds, "ms"];
  return `${Number(x.toPrecision(3))}\u00a0${unit}`;
}
function short(x) {
  if (!Number.isFinite(x)) return String(x).replace("Infinity", "∞");
  return x === 0 || (Math.abs(x) >= 1e-3 && Math.abs(x) < 1e5) ? String(Number(x.toPrecision(4))) : x.toExponential(2);
}
/// All digits that tell the number from its neighbours.
function exact(x, dtype) {
  if (Object.is(x, -0)) return "-0";
  return dtype === "float32" && Number.isFinite(x) ? shortestFloat(x) : String(x);
}
function shortestFloat(x) {
  for (let digits = 1; digits < 10; ++digits)
    if (Math.fround(Number(x.toPrecision(digits))) === Math.fround(x)) return String(Number(x.toPrecision(digits)));
  return String(x);
}

/// Sums as the dtype does.
const rounded = (x, dtype) => (dtype === "float32" ? Math.fround(x) : x);

/// An excerpt with other values, all of which are shown. Its statistics are of these values only.
function withValues(excerpt, values) {
  const finite = values.filter(Number.isFinite);
  return { ...excerpt, values, min: Math.min(...finite), max: Math.max(...finite), histogram: [], derived: true };
}
const combine = (excerpts, f) => withValues(excerpts[0],
  excerpts[0].values.map((_, i) => rounded(f(...excerpts.map(e => e.values[i])), excerpts[0].dtype)));

/// Where in the tensor the element `i` of an excerpt is: "3, 7".
function indexText(excerpt, i) {
  const { shape, columns } = excerpt;
  if (!shape.length) return "";
  let row = Math.floor(i / columns);
  const index = [i % columns];
  for (let d = shape.length - 2; d >= 0; --d) {
    index.unshift(row % shape[d]);
    row = Math.floor(row / shape[d]);
  }
  return index.join(", ");
}

/// A cell per element: as numbers if there are few, else as colours from the largest magnitude down to 0.
function heatMap(excerpt, { chosen, choose } = {}) {
  const { values, columns, rows, dtype, shape } = excerpt;
  const most = Math.max(...values.filter(Number.isFinite).map(Math.abs), 0);
  const asNumbers = columns <= 5 && rows <= 8;
  // Vectors of many elements are folded, so that their cells stay visible.
  const perRow = rows === 1 && columns > 40 ? 40 : columns;
  const width = asNumbers ? "auto" : `minmax(3px, ${perRow > 30 ? 10 : 14}px)`;
  const differing = new Set(differences.get(excerpt)?.elements.map(({ i }) => i));
  const spoken = values.slice(0, 12).map(short).join(", ") + (values.length > 12 ? ", …" : "");
  const cell = (x, i) => {
    // The root makes small magnitudes visible beside large ones; behind numbers colours are paler.
    const share = most > 0 ? Math.sqrt(Math.min(Math.abs(x) / most, 1)) : Number(Math.abs(x) > 0);
    const percent = (asNumbers ? 45 : 100) * share;
    const colour = `color-mix(in srgb, var(--${x > 0 ? "positive" : "negative"}) ${percent}%, var(--zero))`;
    return el("i", {
      class: `${Number.isNaN(x) ? "nan" : ""} ${i === chosen ? "chosen" : ""} ${differing.has(i) ? "differs" : ""}`,
      style: Number.isNaN(x) ? undefined : `background: ${colour}`,
      title: `[${indexText(excerpt, i)}]  ${exact(x, dtype)}`,
      onclick: () => choose?.(i),
    }, asNumbers ? short(x) : "");
  };
  return el("div", {
    class: asNumbers ? "matrix numbers" : "matrix", style: `grid-template-columns: repeat(${perRow}, ${width})`,
    role: "img", "aria-label": `${shapeText(shape)}: ${spoken}`,
  }, ...values.map(cell));
}

function histogram({ histogram: bins, min, max }) {
  if (!bins.length || min === max) return null;
  const most = Math.max(...bins), width = 8, height = 34;
  const bar = (n, i) => {
    const tall = n ? Math.max(1.5, (height - 2) * n / most) : 0;
    return el("rect", { x: i * width, width: width - 1, y: height - tall, height: tall },
      el("title", {}, `${n} elements`));
  };
  const picture = el("svg", {
    class: "histogram", width: bins.length * width, height, role: "img",
    "aria-label": `Histogram from ${short(min)} to ${short(max)}: ${bins.join(", ")}`,
  }, ...bins.map(bar));
  const ends = el("div", { class: "ends", style: `width: ${bins.length * width}px` },
    el("span", {}, short(min)), el("span", {}, short(max)));
  return el("div", {}, picture, ends);
}

/// All of the above under a heading.
function showTensor(heading, excerpt, options = {}) {
  const made = el("div", {}, el("h3", {}, heading));
  if (!excerpt) {
    made.append(quiet(options.missing ?? "not recorded"));
    return made;
  }
  const all = count(excerpt.shape), shown = excerpt.values.length;
  made.append(shown ? heatMap(excerpt, options) : quiet("no elements"));
  if (differences.has(excerpt)) made.append(describeDifference(differences.get(excerpt)));
  if (shown <= 1 || excerpt.derived) return made;
  const facts = [`mean ${short(excerpt.mean)}`, `deviation ${short(excerpt.std)}`];
  if (shown < all) facts.unshift(`${excerpt.rows} × ${excerpt.columns} of ${all} elements`);
  if (excerpt.nans) facts.push(`${excerpt.nans} NaN`);
  if (excerpt.infinities) facts.push(`${excerpt.infinities} infinite`);
  made.append(el("div", { class: "quiet" }, facts.join(" · ")), histogram(excerpt) ?? "");
  return made;
}
