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
/// Elements with commas between them.
const joined = items => items.flatMap((item, i) => (i ? [", ", item] : [item]));
const number = text => el("td", { class: "number" }, text);

/// A row whose cells are texts, elements or, from number(), cells already.
const row = (cells, attributes = {}) =>
  el("tr", attributes, ...cells.map(cell => (cell instanceof HTMLTableCellElement ? cell : el("td", {}, cell))));
/// Heads that begin with "#" stand over numbers.
const heads = names => el("tr", {}, ...names.map(name =>
  el("th", { scope: "col", class: name[0] === "#" ? "number" : undefined }, name.replace("#", ""))));

/// A text that leads to a node.
const link = (i, text = label(i)) => el("a", {
  class: "go", tabindex: 0, role: "button",
  onclick: () => select(i),
  onkeydown: event => event.key === "Enter" && select(i),
}, text);
