// The page: state, what is drawn from it, and input. The address holds the step, the selected node and the
// mistake (#step=12&node=3&mistake=order), so that a link leads to what its writer saw.

const tape = JSON.parse(document.getElementById("recording").textContent);
const { nodes, visits } = tape;
for (const node of nodes) {
  for (const key of ["value", "gradient", "stored", "depthFirst"]) node[key] = readExcerpt(node[key]);
  for (const edge of node.edges) {
    for (const key of ["part", "unsummed", "spoiled"]) edge[key] = readExcerpt(edge[key]);
    for (const saved of edge.saved) saved.value = readExcerpt(saved.value);
  }
}
const byId = id => document.getElementById(id);
const label = i => nodes[i].name || (nodes[i].leaf ? `leaf ${i}` : nodes[i].op);

// ---- what the steps are

// The tape does not know when an operation ran forward. The reverse of the pass is an order in which it could have.
const forwardOrder = visits.map(visit => visit.node).reverse().filter(i => !nodes[i].leaf);
const steps = [{ kind: "start" }, ...forwardOrder.map(node => ({ kind: "forward", node })),
  ...visits.map((visit, k) => ({ kind: "backward", node: visit.node, visit: k })), { kind: "end" }];
const firstBackward = 1 + forwardOrder.length;
/// The step in which a node runs backward; undefined if it does not take part in the pass.
const visitStep = new Map(visits.map((visit, k) => [visit.node, firstBackward + k]));
const forwardStep = new Map(forwardOrder.map((node, k) => [node, 1 + k]));
/// The parts of each node's gradient, in the order in which they arrive.
const arriving = nodes.map(() => []);
for (const { node } of visits)
  for (const edge of nodes[node].edges)
    if (edge.part) arriving[edge.to].push({ from: node, edge, step: visitStep.get(node) });

function statusAt(i, step) {
  const ran = visitStep.get(i);
  if (ran === step) return "running";
  if (ran !== undefined && ran < step) return "done";
  if (arriving[i].some(part => part.step <= step)) return "waiting";
  if (i === tape.root && step === firstBackward - 1) return "waiting";
  if (nodes[i].leaf) return "";
  const forward = forwardStep.get(i);
  return forward === step ? "running" : forward > step ? "future" : "";
}

// ---- memory: what the pullbacks have saved, and gradients in flight

const leafStorages = new Set(nodes.flatMap(node => node.edges.flatMap(edge =>
  edge.saved.filter(saved => saved.node >= 0 && nodes[saved.node].leaf).map(saved => saved.storage))));
const savedBy = nodes.map(node => node.edges.flatMap(edge => edge.saved.filter(saved => !leafStorages.has(saved.storage))));

const memory = steps.map((_, step) => {
  const kept = new Map(), eager = new Map();
  for (const i of forwardOrder) {
    if (forwardStep.get(i) > step) continue;
    for (const { storage, bytes } of savedBy[i]) {
      kept.set(storage, bytes);
      if (!(visitStep.get(i) < step)) eager.set(storage, bytes);
    }
  }
  const end = step === steps.length - 1;
  const sum = map => [...map.values()].reduce((total, bytes) => total + bytes, 0);
  let gradients = 0;
  nodes.forEach((node, i) => {
    const status = statusAt(i, step);
    const held = status === "waiting" || (status === "running" && step >= firstBackward);
    if (end ? node.leaf && node.stored : held || (status === "done" && node.leaf)) gradients += node.bytes;
  });
  return { saved: end && !tape.keepsGraph ? 0 : sum(kept), gradients, eager: end ? 0 : sum(eager) };
});

// ---- mistakes: what a gradient would be

const add = excerpts => combine(excerpts, (...values) => values.reduce((a, b) => rounded(a + b, excerpts[0].dtype)));
const equalValues = (a, b) => a.values.length === b.values.length && a.values.every((x, i) => Object.is(x, b.values[i]));
/// The gradient of a bias is a sum over rows inside the pullback of linear, too.
const unsummed = (from, edge) => edge.unsummed ??
  (nodes[from].op === "linear" && nodes[edge.to].shape.length === 1 && nodes[from].shape[0] > 1 ? nodes[from].gradient : null);

const mistakes = {
  none: { title: "nothing goes wrong" },
  zero: {
    title: "zero_grad() is forgotten", where: "leaf",
    text: "Gradients accumulate in .grad until they are dropped. A second pass over the same batch adds to the first, and the step becomes twice as long.",
    wrong: i => nodes[i].leaf && nodes[i].gradient && add([nodes[i].gradient, nodes[i].gradient]),
  },
  order: {
    title: "nodes run depth first", where: "leaf",
    text: "A node that runs when the first part of its gradient arrives loses the parts that come later. The deepest node first is a topological order: every node that sends a gradient to another is deeper than it.",
    none: "In this step every value is used once, so each gradient has one part, and any order would do.",
    wrong: i => nodes[i].leaf && nodes[i].gradient && nodes[i].depthFirst,
  },
  broadcast: {
    title: "nothing is summed over broadcast dimensions",
    text: "An input that was repeated gets a gradient for each repetition. Without their sum the gradient has the shape of the output; an update with it would fail, or take the first row for the whole.",
    none: "No operation of this step repeats an input that needs a gradient.",
    wrong: i => {
      const part = arriving[i].find(({ from, edge }) => unsummed(from, edge));
      return part && unsummed(part.from, part.edge);
    },
  },
  saved: {
    title: "saved tensors are changed in place",
    text: "Here all tensors that a pullback has saved were doubled between the forward and the backward pass. tenon compares the version of each with that of its storage and refuses:",
    none: "No pullback of this step has saved a tensor of floating-point numbers.",
    wrong: i => arriving[i].some(({ edge }) => edge.spoiled) && add(arriving[i].map(({ edge }) => edge.spoiled ?? edge.part)),
    extra: () => {
      for (const { node: i } of visits)
        for (const edge of nodes[i].edges)
          if (edge.spoiled) {
            const saved = edge.saved.find(s => s.dtype.startsWith("float"));
            return el("p", {}, el("code", {}, `backward: a tensor of shape ${shapeText(saved.shape)} that was saved for "${nodes[i].op}" has been modified in place since; it is at version 1, saved at version 0 (${nodes[i].site})`));
          }
      return null;
    },
  },
};
/// What node `i` gets with the mistake, if that differs from its gradient.
function wrongGradient(i) {
  const wrong = mistakes[state.mistake].wrong?.(i);
  return wrong && nodes[i].gradient && !equalValues(wrong, nodes[i].gradient) ? wrong : null;
}

// ---- state

const state = { step: 0, node: tape.root, mistake: "none", element: 0, table: false, timer: null };
const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const whole = name => (/^\d+$/.test(given.get(name) ?? "") ? Number(given.get(name)) : null);
  state.step = clamp(whole("step") ?? state.step, 0, steps.length - 1);
  state.node = clamp(whole("node") ?? steps[state.step].node ?? state.node, 0, nodes.length - 1);
  if (Object.hasOwn(mistakes, given.get("mistake") ?? "")) state.mistake = given.get("mistake");
  state.table = given.has("table");
}
function writeAddress() {
  const address = new URLSearchParams({ step: state.step, node: state.node });
  if (state.mistake !== "none") address.set("mistake", state.mistake);
  if (state.table) address.set("table", "1");
  history.replaceState(null, "", `#${address}`);
}

function go(step) {
  state.step = clamp(step, 0, steps.length - 1);
  const { node } = steps[state.step];
  if (node !== undefined) { state.node = node; state.element = 0; }
  if (state.step === steps.length - 1) stop();
  show(true);
}
function select(node) {
  state.node = node;
  state.element = 0;
  show(true);
}
function choose(element) {
  state.element = element;
  show(false);
}
function setMistake(name) {
  state.mistake = name;
  show(false);
}
function play() {
  if (state.timer) return stop();
  if (state.step === steps.length - 1) go(0);
  state.timer = setInterval(() => go(state.step + 1), 900);
  byId("play").textContent = "Pause";
}
function stop() {
  clearInterval(state.timer);
  state.timer = null;
  byId("play").textContent = "Play";
}

// ---- the drawing

const drawing = byId("drawing"), overview = byId("overview");
const layout = layOut(nodes);
const nodeShapes = [], edgeShapes = [], overviewShapes = [];
const camera = { x: 0, y: 0, scale: 1 };  // the top left corner, in the drawing's units; pixels per unit

const fitted = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
/// Names of parameters differ at their ends.
const fittedName = (text, most) => (text.length > most ? `…${text.slice(1 - most)}` : text);

function draw() {
  drawing.append(el("defs", {}, el("marker", { id: "arrow", viewBox: "0 0 10 10", refX: 10, refY: 5, markerWidth: 5, markerHeight: 5, orient: "auto-start-reverse" }, el("path", { d: "M0 0L10 5L0 10z" }))));
  const repeats = new Map();  // several edges between the same two nodes are drawn beside each other
  for (const { from, index, points } of layout.edges) {
    const to = nodes[from].edges[index].to, key = `${from} ${to}`, nth = repeats.get(key) ?? 0;
    repeats.set(key, nth + 1);
    const moved = points.map((p, i) => ({ x: p.x + 14 * nth, y: p.y + (i === 0 ? box.height / 2 : i === points.length - 1 ? -box.height / 2 : 0) }));
    // From the output to the source: the way of a gradient.
    const shape = el("path", { class: "edge", d: curve(moved.reverse()) });
    edgeShapes.push({ from, to, edge: nodes[from].edges[index], shape });
    drawing.append(shape);
  }
  nodes.forEach((node, i) => {
    const { x, y } = layout.nodes[i], left = x - box.width / 2, top = y - box.height / 2;
    const count = el("text", { class: "count", x: left + box.width, y: top - 4 });
    const shape = el("g", { class: "node", tabindex: -1, role: "button", "aria-label": `${label(i)}, ${shapeText(node.shape)}`, onclick: () => select(i) },
      el("rect", { class: "mark", x: left - 5, y: top - 5, width: box.width + 10, height: box.height + 10, rx: 10 }),
      el("rect", { class: "box", x: left, y: top, width: box.width, height: box.height, rx: node.leaf ? 20 : 6 }),
      el("text", { class: "name", x, y: y - 2 }, (node.name ? fittedName : fitted)(label(i), 17)),
      el("text", { class: "shape", x, y: y + 14 }, fitted(`${shapeText(node.shape)} ${node.leaf ? "" : node.site}`, 24)),
      count, el("title", {}, `${label(i)} ${shapeText(node.shape)} ${node.dtype} ${node.device} ${node.site}`));
    nodeShapes.push({ shape, count });
    drawing.append(shape);
  });
}

function size() {
  const { width, height } = drawing.getBoundingClientRect();
  return { width: width || 800, height: height || 600 };
}
function moveCamera() {
  const { width, height } = size();
  drawing.setAttribute("viewBox", `${camera.x} ${camera.y} ${width / camera.scale} ${height / camera.scale}`);
  drawing.classList.toggle("far", camera.scale < 0.42);
  overview.querySelector(".window")?.remove();
  overview.append(el("rect", { class: "window", x: camera.x, y: camera.y, width: width / camera.scale, height: height / camera.scale, "stroke-width": layout.height / 200 }));
}
const margin = 50;
function fit() {
  const { width, height } = size();
  camera.scale = Math.min((width - 2 * margin) / layout.width, (height - 2 * margin) / layout.height, 1.3);
  centre(layout.width / 2, layout.height / 2);
}
function centre(x, y) {
  const { width, height } = size();
  camera.x = x - width / camera.scale / 2;
  camera.y = y - height / camera.scale / 2;
  moveCamera();
}
function zoom(factor, at) {
  const { width, height } = size(), point = at ?? { x: width / 2, y: height / 2 };
  const scale = clamp(camera.scale * factor, 0.02, 4);
  camera.x += point.x / camera.scale - point.x / scale;
  camera.y += point.y / camera.scale - point.y / scale;
  camera.scale = scale;
  moveCamera();
}
/// Moves the camera only if the node is not well inside the window.
function reveal(i) {
  const { width, height } = size(), { x, y } = layout.nodes[i];
  const px = (x - camera.x) * camera.scale, py = (y - camera.y) * camera.scale;
  if (px < 90 || px > width - 90 || py < 50 || py > height - 70) centre(x, y);
}
/// A map in the corner if the drawing is larger than the window.
function drawOverview() {
  const scale = Math.min(180 / layout.width, Math.max(size().height - 90, 100) / layout.height);
  overview.replaceChildren();
  overviewShapes.length = 0;
  overview.setAttribute("viewBox", `0 0 ${layout.width} ${layout.height}`);
  overview.setAttribute("width", Math.max(layout.width * scale, 24));
  overview.setAttribute("height", layout.height * scale);
  layout.nodes.forEach(({ x, y }) => {
    const shape = el("rect", { x: x - box.width / 2, y: y - box.height / 2, width: box.width, height: box.height });
    overviewShapes.push(shape);
    overview.append(shape);
  });
}

function showGraph() {
  nodes.forEach((node, i) => {
    const { shape, count } = nodeShapes[i], status = statusAt(i, state.step);
    shape.setAttribute("class", ["node", node.leaf ? "leaf" : "op", status, i === state.node ? "selected" : "", wrongGradient(i) ? "wrong" : ""].join(" "));
    shape.setAttribute("tabindex", i === state.node ? 0 : -1);
    const parts = arriving[i].length, arrived = arriving[i].filter(part => part.step <= state.step).length;
    count.textContent = state.step < firstBackward ? "" : status === "done" || (status === "running" && parts <= 1) ? "✓" : parts ? `${arrived}/${parts}` : "";
    overviewShapes[i]?.setAttribute("class", i === state.node ? "selected" : status === "running" ? "running" : "");
  });
  const { kind, node } = steps[state.step];
  for (const { from, edge, shape } of edgeShapes) {
    const active = node === from && (kind === "forward" || edge.part), status = statusAt(from, state.step);
    shape.setAttribute("class", ["edge", active ? "active" : "", active && kind === "backward" ? "up" : "",
      !active && status === "done" ? "done" : "", status === "future" ? "future" : ""].join(" "));
  }
}

// ---- the panels

const link = (i, text = label(i)) => el("a", { class: "go", tabindex: 0, role: "button", onclick: () => select(i), onkeydown: e => e.key === "Enter" && select(i) }, text);
const joined = items => items.flatMap((item, i) => (i ? [", ", item] : [item]));
const paragraph = (...parts) => el("p", {}, ...parts);

function describeStep() {
  const { kind, node, visit } = steps[state.step];
  if (kind === "start") return ["Before the step", [paragraph("The leaves exist. Step with →, or play with Space.")]];
  if (kind === "end") return ["The pass has succeeded", [
    paragraph("The gradients of the leaves move into .grad, all at once: a pass that had failed would have changed nothing."),
    paragraph(tape.keepsGraph ? "The graph is kept, as the pass was asked to." : "The saved tensors are released.")]];
  if (kind === "forward") {
    const own = savedBy[node], bytes = new Map(own.map(s => [s.storage, s.bytes]));
    const total = [...bytes.values()].reduce((a, b) => a + b, 0);
    return [`Forward: ${label(node)}`, [
      paragraph("is computed from ", ...joined(nodes[node].edges.map(edge => link(edge.to))), " and what needs no gradient, and recorded with a pullback for each."),
      paragraph(own.length ? `The pullbacks save ${bytes.size} tensor${bytes.size > 1 ? "s" : ""} besides parameters, ${bytesText(total)}.` : "The pullbacks save nothing but parameters.")]];
  }
  const sent = nodes[node].edges.filter(edge => edge.part), { waiting } = visits[visit];
  const text = [nodes[node].leaf ? paragraph("is a leaf: its gradient is complete and is kept.")
    : paragraph("is the deepest node that waits, so nothing can still send it a gradient. Its pullbacks run and send a part each to ", ...joined(sent.map(edge => link(edge.to))), ".")];
  const most = 12, rest = waiting.length - most;
  const before = waiting.length ? el("span", { class: "heap" }, ...waiting.slice(0, most).map(i => el("span", { title: `depth ${nodes[i].depth}`, onclick: () => select(i) }, `${label(i)} ${nodes[i].depth}`)), rest > 0 ? `and ${rest} more` : "") : "";
  text.push(paragraph(`${waiting.length || "None"} still wait${waiting.length === 1 ? "s" : ""}${waiting.length ? ", in a heap by depth: " : "."}`, before));
  for (const to of new Set(sent.map(edge => edge.to))) {
    const parts = arriving[to], arrived = parts.filter(part => part.step <= state.step).length;
    if (parts.length > 1)
      text.push(paragraph(link(to), ` is used ${parts.length} times: ${arrived} of its ${parts.length} parts ${arrived === 1 ? "has" : "have"} arrived${arrived < parts.length ? ", so it must wait" : " and are added"}.`));
  }
  return [`Backward: ${label(node)}`, text];
}

/// The gradient of the chosen element, part by part.
function chainRule(i) {
  const { gradient } = nodes[i], parts = arriving[i];
  if (!gradient || !gradient.values.length) return null;
  const e = clamp(state.element, 0, gradient.values.length - 1), { dtype } = gradient;
  const table = el("table", { class: "sum" });
  for (const { from, edge, step } of parts)
    table.append(el("tr", { class: step > state.step ? "later" : "" },
      el("td", {}, "from ", link(from), ` in step ${step}`), el("td", { class: "number" }, exact(edge.part.values[e], dtype))));
  if (i === tape.root) table.append(el("tr", {}, el("td", {}, "the pass begins with"), el("td", { class: "number" }, exact(gradient.values[e], dtype))));
  const sum = parts.length ? parts.map(p => p.edge.part.values[e]).reduce((a, b) => rounded(a + b, dtype)) : gradient.values[e];
  table.append(el("tr", { class: "total" }, el("td", {}, `∂loss / ∂${label(i)}${gradient.shape.length ? ` [${indexText(gradient, e)}]` : ""}`),
    el("td", { class: "number" }, exact(parts.length && i !== tape.root ? sum : gradient.values[e], dtype))));
  const hook = nodes[i].hooked && sum !== gradient.values[e] ? paragraph(`A hook turned it into ${exact(gradient.values[e], dtype)}.`) : null;
  return el("div", {}, el("h3", {}, "The chain rule, element by element"),
    gradient.values.length > 1 ? el("p", { class: "quiet" }, "Click an element of the gradient to see its sum.") : null, table, hook);
}

function showNode() {
  const i = state.node, node = nodes[i], panel = byId("node"), wrong = wrongGradient(i);
  const ran = visitStep.get(i), complete = ran !== undefined && state.step >= ran;
  const users = nodes.flatMap((other, from) => other.edges.filter(edge => edge.to === i).map(() => from));
  panel.replaceChildren(el("h2", {}, node.name ? `${node.name} ` : "", node.name && node.leaf ? "" : el("code", {}, node.op)),
    paragraph(`${shapeText(node.shape)} · ${node.dtype} · ${node.device} · depth ${node.depth}`, node.site ? ` · ${node.site}` : "", node.hooked ? " · has a hook" : ""));
  if (node.edges.length) panel.append(paragraph("inputs: ", ...joined(node.edges.map(edge => link(edge.to)))));
  if (users.length) panel.append(paragraph("used by: ", ...joined(users.map(from => link(from)))));
  panel.append(showTensor("Value", node.value, { missing: "Not on the tape: no pullback needs it. A tensor in `names` is shown." }));
  const gradient = showTensor(complete ? "Gradient" : `Gradient, complete in step ${ran ?? "–"}`, node.gradient,
    { chosen: node.gradient?.values.length > 1 ? state.element : undefined, choose, missing: "This node takes no part in the pass." });
  if (wrong) {
    const other = showTensor("With the mistake", wrong);
    other.firstChild.className = "wrong-text";
    if (shapeText(wrong.shape) !== shapeText(node.gradient.shape)) other.append(el("p", { class: "wrong-text" }, `${shapeText(wrong.shape)} instead of ${shapeText(node.gradient.shape)}`));
    panel.append(el("div", { class: "pair" }, gradient, other));
  } else panel.append(gradient);
  panel.append(chainRule(i) ?? "");
  if (node.leaf && node.accumulated) panel.append(showTensor(".grad afterwards, with what it held before", node.stored));
  if (!node.leaf) showOperation(node, panel);
}

function showOperation(node, panel) {
  const formula = formulas[node.op];
  if (formula) {
    const table = el("table", {});
    formula.forEach((text, k) => {
      const named = text.match(/^(x|W|bias): (.*)$/);
      table.append(el("tr", {}, el("td", {}, formula.length === 1 ? "input" : named ? named[1] : "abc"[k]), el("td", {}, el("code", {}, named ? named[2] : text))));
    });
    panel.append(el("h3", {}, `The pullbacks of ${node.op}, given g, the gradient of its result y`), table);
  }
  const rows = node.edges.flatMap(edge => edge.saved.map(saved => el("tr", {}, el("td", {}, link(edge.to)),
    el("td", {}, saved.kind === "output" ? "its own result" : saved.node >= 0 ? link(saved.node) : saved.name || "a constant"),
    el("td", {}, shapeText(saved.shape)), el("td", { class: "number" }, bytesText(saved.bytes)))));
  panel.append(el("h3", {}, "Saved tensors"));
  if (!rows.length) return panel.append(el("p", { class: "quiet" }, "none"));
  panel.append(el("table", {}, el("tr", {}, ...["for the gradient of", "tensor", "shape", "memory"].map(t => el("th", {}, t))), ...rows));
  const constant = node.edges.flatMap(edge => edge.saved).find(saved => saved.value);
  if (constant) panel.append(showTensor(`The saved ${constant.name || "constant"}`, constant.value));
}

function showMemory() {
  const width = 1000, height = 60, most = Math.max(...memory.map(m => m.saved + m.gradients), 1), now = memory[state.step];
  const x = k => k * width / Math.max(steps.length - 1, 1), y = bytes => height - 2 - (height - 6) * bytes / most;
  const area = (low, high) => `M${memory.map((m, k) => `${x(k).toFixed(1)} ${y(high(m)).toFixed(1)}`).join("L")}L${[...memory.keys()].reverse().map(k => `${x(k).toFixed(1)} ${y(low(memory[k])).toFixed(1)}`).join("L")}z`;
  const picture = el("svg", { class: "curve", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img",
    "aria-label": `Memory over the steps, at most ${bytesText(most)}`,
    onclick: e => {
      const { left, width: shown } = picture.getBoundingClientRect();
      go(Math.round((e.clientX - left) / shown * (steps.length - 1)));
    } },
    el("path", { class: "saved", d: area(() => 0, m => m.saved) }), el("path", { class: "gradients", d: area(m => m.saved, m => m.saved + m.gradients) }),
    el("path", { class: "eager", d: `M${memory.map((m, k) => `${x(k).toFixed(1)} ${y(m.eager + m.gradients).toFixed(1)}`).join("L")}` }),
    el("line", { class: "turn", x1: x(firstBackward - 1), x2: x(firstBackward - 1), y1: 0, y2: height }, el("title", {}, "the backward pass begins")),
    el("line", { class: "cursor", x1: x(state.step), x2: x(state.step), y1: 0, y2: height }));
  byId("memory").replaceChildren(picture);
  byId("memory-text").replaceChildren(
    el("div", { class: "key", style: "--colour: var(--negative)", title: "Parameters are not counted." }, `saved tensors ${bytesText(now.saved)}`),
    el("div", { class: "key", style: "--colour: var(--positive)" }, `gradients ${bytesText(now.gradients)}`),
    el("div", { class: "quiet", title: "They stay to the end, so that a pass that fails can be run again." }, "dashed: released node by node"));
}

function drawMistakes() {
  for (const [name, { title }] of Object.entries(mistakes))
    byId("mistakes").append(el("option", { value: name }, title));
  byId("mistakes").addEventListener("change", event => setMistake(event.target.value));
}
function showMistake() {
  const mistake = mistakes[state.mistake], panel = byId("mistake");
  byId("mistakes").value = state.mistake;
  panel.replaceChildren();
  if (state.mistake === "none") return;
  const applies = nodes.some((_, i) => mistake.wrong(i)), affected = nodes.map((_, i) => i).filter(i => wrongGradient(i));
  panel.append(paragraph(applies || !mistake.none ? mistake.text : mistake.none));
  if (!applies) return;
  if (mistake.extra) panel.append(mistake.extra() ?? "");
  if (!affected.length) return panel.append(paragraph("Here the result is the same, bit by bit."));
  const table = el("table", {}, el("tr", {}, el("th", {}, "gradient of"), el("th", { class: "number" }, "right"), el("th", { class: "number" }, "wrong")));
  for (const i of affected.slice(0, 12)) {
    const right = nodes[i].gradient, wrong = wrongGradient(i);
    // The element that differs most.
    let at = 0;
    if (wrong.values.length === right.values.length)
      right.values.forEach((x, k) => { if (Math.abs(x - wrong.values[k]) > Math.abs(right.values[at] - wrong.values[at])) at = k; });
    const other = shapeText(wrong.shape) === shapeText(right.shape) ? short(wrong.values[at]) : shapeText(wrong.shape);
    const own = other[0] === "[" ? shapeText(right.shape) : short(right.values[at]);
    table.append(el("tr", {}, el("td", {}, link(i), right.values.length > 1 && other[0] !== "[" ? ` [${indexText(right, at)}]` : ""),
      el("td", { class: "number" }, own), el("td", { class: "number wrong-text" }, other)));
  }
  panel.append(table);
  if (affected.length > 12) panel.append(el("p", { class: "quiet" }, `and ${affected.length - 12} more`));
}

function drawOptimizer() {
  const { updates, updatesError } = tape, panel = el("details", {}, el("summary", {}, "The optimizer's next step"));
  byId("optimizer").append(panel);
  byId("optimizer").hidden = !updates.length && !updatesError;
  if (updatesError) return panel.append(paragraph(updatesError));
  const parts = [["gradient", "--positive"], ["decay", "--negative"], ["momentum", "--done"]];
  panel.append(el("p", { class: "quiet" }, "L2 norms of the parameter, of its update, and of the parts whose sum this is"),
    paragraph(...parts.map(([name, colour]) => el("span", { class: "key", style: `--colour: var(${colour}); margin-right: 14px` }, name))));
  const table = el("table", {}, el("tr", {}, el("th", {}, "parameter"), el("th", { class: "number" }, "norm"), el("th", { class: "number" }, "update"), el("th", {}, "consists of")));
  updates.forEach((update, k) => {
    const whole = parts.reduce((sum, [name]) => sum + Number(update[name]), 0);
    const bar = el("div", { class: "bar" }), i = nodes.findIndex(node => node.name && node.name === update.name);
    for (const [name, colour] of parts)
      if (update[name] > 0) bar.append(el("span", { style: `width: ${100 * update[name] / whole}%; background: var(${colour})`, title: `${name} ${short(update[name])}` }));
    const text = parts.filter(([name]) => update[name] > 0).map(([name]) => `${name} ${short(Number(update[name]))}`).join(", ");
    table.append(el("tr", {}, el("td", {}, i < 0 ? update.name || `parameter ${k}` : link(i)), el("td", { class: "number" }, short(Number(update.norm))),
      el("td", { class: "number" }, short(Number(update.update))), el("td", {}, bar, el("span", { class: "quiet", style: "font-size: 11.5px" }, text || "nothing"))));
  });
  panel.append(table);
}

function showTable() {
  byId("table").hidden = !state.table;
  byId("graph").hidden = state.table;
  byId("show-table").setAttribute("aria-pressed", state.table);
  if (!state.table) return;
  const heads = ["#", "operation", "name", "shape", "dtype", "line", "inputs", "value", "gradient", "runs in step"];
  const first = excerpt => (excerpt ? excerpt.values.slice(0, 3).map(short).join(", ") + (count(excerpt.shape) > 3 ? ", …" : "") : "–");
  byId("table").replaceChildren(el("table", {}, el("caption", {}, "The tape, from the loss to the leaves. Enter or a click selects a node."),
    el("tr", {}, ...heads.map(head => el("th", { scope: "col" }, head))),
    ...nodes.map((node, i) => el("tr", { "data-node": i, tabindex: 0, class: i === state.node ? "selected" : "", onclick: () => select(i), onkeydown: e => e.key === "Enter" && select(i) },
      ...[i, node.leaf ? "leaf" : node.op, node.name, shapeText(node.shape), node.dtype, node.site, node.edges.map(edge => `${edge.to}`).join(", "), first(node.value), first(node.gradient), visitStep.get(i) ?? "–"]
        .map(text => el("td", {}, String(text)))))));
}

function show(move) {
  const [title, text] = describeStep();
  byId("step-title").textContent = title;
  byId("step-text").replaceChildren(...text);
  byId("slider").value = state.step;
  byId("position").textContent = `step ${state.step} of ${steps.length - 1}${state.step < firstBackward ? ", forward" : ", backward"}`;
  showGraph();
  showNode();
  showMemory();
  showMistake();
  showTable();
  if (move && state.step === steps.length - 1) byId("optimizer").firstChild.open = true;
  if (move && !state.table) reveal(state.node);
  writeAddress();
}

// ---- input

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("theme").textContent = dark ? "Light" : "Dark";
}
const isDark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
function toggleTable() {
  state.table = !state.table;
  show(true);
  if (!state.table) moveCamera();
}

const keys = {
  ArrowRight: () => go(state.step + 1), ArrowLeft: () => go(state.step - 1), Home: () => go(0), End: () => go(steps.length - 1),
  ArrowUp: () => nodes[state.node].edges.length && select(nodes[state.node].edges[0].to),
  ArrowDown: () => { const user = nodes.findIndex(node => node.edges.some(edge => edge.to === state.node)); if (user >= 0) select(user); },
  " ": play, "+": () => zoom(1.3), "-": () => zoom(1 / 1.3), 0: fit, t: toggleTable, d: () => setTheme(!isDark()),
};
addEventListener("keydown", event => {
  const action = keys[event.key];
  // Controls keep the keys that they use themselves.
  const control = event.target.closest("input, button, a, select, summary");
  if (!action || event.ctrlKey || event.metaKey || event.altKey || (control && (event.key === " " || control.matches("select")))) return;
  event.preventDefault();
  action();
});
for (const [id, action] of Object.entries({ first: keys.Home, back: keys.ArrowLeft, play, forward: keys.ArrowRight, last: keys.End,
  "zoom-in": keys["+"], "zoom-out": keys["-"], fit, theme: keys.d, "show-table": toggleTable }))
  byId(id).addEventListener("click", action);
byId("slider").addEventListener("input", event => go(Number(event.target.value)));
drawing.addEventListener("wheel", event => {
  event.preventDefault();
  const { left, top } = drawing.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY / 400), { x: event.clientX - left, y: event.clientY - top });
}, { passive: false });
drawing.addEventListener("pointerdown", event => {
  const start = { ...camera }, { clientX, clientY } = event;
  const move = e => {
    camera.x = start.x - (e.clientX - clientX) / camera.scale;
    camera.y = start.y - (e.clientY - clientY) / camera.scale;
    moveCamera();
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", () => removeEventListener("pointermove", move), { once: true });
});
overview.addEventListener("click", event => {
  const frame = overview.getBoundingClientRect();
  centre((event.clientX - frame.left) / frame.width * layout.width, (event.clientY - frame.top) / frame.height * layout.height);
});
addEventListener("hashchange", () => { readAddress(); show(true); });
addEventListener("resize", () => moveCamera());

byId("summary").textContent = `${tape.title}: ${nodes.filter(node => !node.leaf).length} operations, ${nodes.filter(node => node.leaf).length} leaves`;
document.title = `Tape of ${tape.title}`;
byId("slider").max = steps.length - 1;
setThemeText();
function setThemeText() { byId("theme").textContent = isDark() ? "Light" : "Dark"; }
readAddress();
draw();
drawMistakes();
drawOptimizer();
fit();
overview.toggleAttribute("hidden", camera.scale >= 0.6);
if (camera.scale < 0.6) {
  drawOverview();
  camera.scale = 0.85;
  centre(layout.nodes[state.node].x, layout.nodes[state.node].y);
}
show(true);
