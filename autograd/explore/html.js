// Elements of the page.

const svgTags = new Set(["svg", "g", "rect", "path", "text", "line", "title", "defs", "marker"]);

/// An element with attributes, event handlers ("onclick") and children. Text is never parsed as HTML, so a name
/// may contain anything; children that are null are left out.
function el(tag, attributes = {}, ...children) {
  const made = svgTags.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== undefined) made.setAttribute(name, value);
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}
const byId = id => document.getElementById(id);
const paragraph = (...children) => el("p", {}, ...children);
const quiet = (...children) => el("p", { class: "quiet" }, ...children);
const code = text => el("code", {}, text);
/// A program. A line that is too long goes on four columns deeper than it begins.
const listing = text => el("pre", {}, ...text.split("\n").map(line =>
  el("div", { style: `--deeper: ${line.search(/\S|$/) + 4}ch` }, `${line}\n`)));
/// Elements with commas between them.
const joined = items => items.flatMap((item, i) => (i ? [", ", item] : [item]));
const number = text => el("td", { class: "number" }, text);

/// A row whose cells are texts, elements or, from number(), cells already.
const row = (cells, attributes = {}) =>
  el("tr", attributes, ...cells.map(cell => (cell instanceof HTMLTableCellElement ? cell : el("td", {}, cell))));
/// Heads that begin with "#" stand over numbers.
const heads = names => el("tr", {}, ...names.map(name =>
  el("th", { scope: "col", class: name[0] === "#" ? "number" : undefined }, name.replace("#", ""))));

/// A drawing over the steps 0 to `last`, stretched to the width of its place, with a line at the present step,
/// which moveTo() moves; a click leads to the step. `draw` makes the rest of functions of a number per step.
function chart({ last, most, label, go }, draw) {
  const width = 1000, height = 60, x = step => step * width / Math.max(last, 1);
  const points = values => values.map((value, step) =>
    `${x(step).toFixed(1)} ${(height - 2 - (height - 6) * value / (most || 1)).toFixed(1)}`);
  const line = values => `M${points(values).join("L")}`;
  const area = (low, high) => `M${[...points(high), ...points(low).reverse()].join("L")}z`;
  const upright = (kind, step) => el("line", { class: kind, x1: x(step), x2: x(step), y1: 0, y2: height });
  const cursor = upright("cursor", 0);
  const picture = el("svg", {
    class: "curve", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label,
    onclick: event => {
      const frame = picture.getBoundingClientRect();
      go(Math.round((event.clientX - frame.left) / frame.width * last));
    },
  }, ...draw({ line, area, upright }), cursor);
  const moveTo = step => ["x1", "x2"].forEach(end => cursor.setAttribute(end, x(step)));
  return { picture, moveTo };
}

/// A text that leads to a node.
const link = (i, text = label(i)) => el("a", {
  class: "go", tabindex: 0, role: "button",
  onclick: () => select(i),
  onkeydown: event => event.key === "Enter" && select(i),
}, text);
