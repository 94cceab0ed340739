// Another recording beside this one: which tensors differ, in the order of the pass, and in which elements. It is
// another page of explore(), or JSON of the same form, of which nodes, root, and of each node op, name, edges, value
// and gradient are needed (scripts/trace_pytorch.py).

const differences = new Map();  // what differs, by the excerpt of this page

/// The node of the other recording that stands for each of ours. The same operations in the same places are the same
/// graph; otherwise only the losses and nodes of the same name are pairs.
function pairNodes(other) {
  const form = node => JSON.stringify([node.op, node.edges.map(edge => edge.to)]);
  const firstOther = nodes.findIndex((node, i) => !other.nodes[i] || form(node) !== form(other.nodes[i]));
  if (firstOther < 0 && nodes.length === other.nodes.length) return { sameGraph: true, pairs: other.nodes };
  const named = new Map(other.nodes.filter(node => node.name).map(node => [node.name, node]));
  const pairs = nodes.map((node, i) => (i === tape.root ? other.nodes[other.root] : named.get(node.name)));
  return { sameGraph: false, pairs };
}

/// Fills `differences` and returns how many tensors both have.
function compareWith(other) {
  const { sameGraph, pairs } = pairNodes(other), constants = new Set();
  let compared = 0;
  const compare = (node, step, what, here, there) => {
    if (!here || !there) return;
    ++compared;
    const sameShape = shapeText(here.shape) === shapeText(there.shape);
    if (sameShape && here.dtype === there.dtype && here.hash === there.hash) return;
    const elements = sameShape && here.dtype === there.dtype ? differingElements(here, there) : [];
    differences.set(here, { node, step, what, here, there, elements });
  };
  const eachEdge = (i, f) => {
    if (sameGraph) nodes[i].edges.forEach((edge, k) => f(edge, pairs[i].edges[k]));
  };
  const compareValues = (i, step) => {
    eachEdge(i, (edge, otherEdge) => edge.saved.forEach(({ storage, name, value }, k) => {
      if (constants.has(storage)) return;
      constants.add(storage);
      compare(i, step, `the saved ${name || "constant"}`, value, otherEdge.saved[k]?.value);
    }));
    compare(i, step, "value", nodes[i].value, pairs[i]?.value);
  };
  differences.clear();
  nodes.forEach((_, i) => forwardStep.has(i) || compareValues(i, 0));
  for (const i of forwardOrder) compareValues(i, forwardStep.get(i));
  for (const { node: i } of visits) {
    const step = backwardStep.get(i);
    compare(i, step, "gradient", nodes[i].gradient, pairs[i]?.gradient);
    eachEdge(i, (edge, otherEdge) =>
      compare(edge.to, step, `part from ${label(i)}`, edge.part, otherEdge.part));
  }
  return { sameGraph, compared };
}

/// The elements that both excerpts show and that differ: where in `here`, and both values. -0 differs from 0.
function differingElements(here, there) {
  const found = [];
  here.values.forEach((x, i) => {
    const row = Math.floor(i / here.columns), column = i % here.columns;
    if (row >= there.rows || column >= there.columns) return;
    const y = there.values[row * there.columns + column];
    if (!Object.is(x, y)) found.push({ i, x, y });
  });
  return found;
}

/// How many steps to the next number of the dtype lead from a to b, which their bits tell: 1 between neighbours, and
/// between -0 and 0.
function ulps(a, b, dtype) {
  if (!dtype.startsWith("float") || Number.isNaN(a) || Number.isNaN(b)) return "–";
  const view = new DataView(new ArrayBuffer(8)), single = dtype === "float32", sign = 1n << (single ? 31n : 63n);
  const place = x => {
    if (single) view.setFloat32(0, x);
    else view.setFloat64(0, x);
    const bits = single ? BigInt(view.getUint32(0)) : view.getBigUint64(0);
    return bits < sign ? bits : sign - bits - 1n;  // negative numbers count downwards
  };
  const distance = place(a) - place(b);
  return short(Number(distance < 0n ? -distance : distance));
}

// ---- what the page shows of it

function showDifference({ node, step, what, elements }) {
  state.step = step;
  state.node = node;
  state.element = what === "gradient" && elements.length ? elements[0].i : 0;
  show(true);
  byId("node").querySelector(".differing")?.scrollIntoView({ block: "center" });
}

async function readOther(file) {
  const panel = byId("comparison");
  panel.hidden = false;
  byId("differs").hidden = false;
  try {
    const { sameGraph, compared } = compareWith(readRecording(await file.text()));
    panel.replaceChildren(el("h2", {}, `Compared with ${file.name}`), ...describeComparison(sameGraph, compared));
  } catch (error) {
    differences.clear();
    panel.replaceChildren(paragraph(`${file.name} has no recording that can be compared: ${error.message}`));
  }
  const [first] = differences.values();
  if (first) showDifference(first);
  else show(false);
}

function describeComparison(sameGraph, compared) {
  const found = [...differences.values()], most = 12;
  const text = [];
  if (!sameGraph)
    text.push(quiet("The graphs differ, so only the loss and tensors of the same name are compared."));
  if (!compared) return [...text, paragraph("There are none.")];
  if (!found.length) return [...text, paragraph(`All ${compared} tensors are equal, bit by bit.`)];
  const rowOf = difference => row([
    el("a", { class: "go", tabindex: 0, role: "button", onclick: () => showDifference(difference),
      onkeydown: event => event.key === "Enter" && showDifference(difference) }, label(difference.node)),
    difference.what, number(String(difference.step)), number(String(difference.elements.length || "not shown"))]);
  text.push(paragraph(`${found.length} of ${compared} tensors differ. In the order of the pass:`),
    el("table", {}, heads(["node", "tensor", "#step", "#elements"]), ...found.slice(0, most).map(rowOf)));
  if (found.length > most) text.push(quiet(`and ${found.length - most} more`));
  return text;
}

/// Below a tensor that differs: its elements that do.
function describeDifference({ here, there, elements }) {
  const { dtype, shape } = here, most = 6;
  if (dtype !== there.dtype || shapeText(shape) !== shapeText(there.shape))
    return el("p", { class: "wrong-text differing" }, `The other recording has ${shapeText(there.shape)} ${there.dtype}.`);
  if (!elements.length)
    return el("p", { class: "wrong-text differing" }, "Differs from the other recording, but not in the elements that both show.");
  const rows = elements.slice(0, most).map(({ i, x, y }) =>
    row([`[${indexText(here, i)}]`, number(exact(x, dtype)), number(exact(y, dtype)), number(ulps(x, y, dtype))]));
  return el("div", {},
    el("table", { class: "differing" }, heads(["differs at", "#here", "#there", "#ulp"]), ...rows),
    elements.length > most ? quiet(`and at ${elements.length - most} more of the elements that both show`) : null);
}

byId("compare").addEventListener("click", () => byId("other").click());
byId("other").addEventListener("change", ({ target }) => {
  if (target.files.length) readOther(target.files[0]);
  target.value = "";  // so that the same file can be chosen again
});
