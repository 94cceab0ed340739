// What stands beside and below the drawing: the step, the selected node, the memory, the chosen mistake, and the
// graph as a table.

// ---- the step

/// A title and paragraphs.
function describeStep() {
  const { kind, node, waiting } = steps[state.step];
  switch (kind) {
    case "start":
      return ["Before the step", paragraph("The leaves exist. Step with →, or play with Space.")];
    case "end":
      return ["The pass has succeeded",
        paragraph("The gradients of the leaves move into .grad, all at once: a pass that had failed would have ",
          "changed nothing."),
        paragraph(tape.keepsGraph ? "The graph is kept, as the pass was asked to."
          : "The saved tensors are released.")];
    case "forward":
      return [`Forward: ${label(node)}`, ...describeForward(node)];
    default:
      return [`Backward: ${label(node)}`, ...describeBackward(node, waiting)];
  }
}

function describeForward(i) {
  const storages = new Map(savedBy[i].map(saved => [saved.storage, saved.bytes]));
  const tensors = storages.size === 1 ? "1 tensor" : `${storages.size} tensors`;
  return [
    paragraph("is computed from ", ...joined(nodes[i].edges.map(edge => link(edge.to))),
      " and what needs no gradient, and recorded with a pullback for each."),
    paragraph(storages.size
      ? `The pullbacks save ${tensors} besides parameters, ${bytesText(sum(storages.values()))}.`
      : "The pullbacks save nothing but parameters."),
  ];
}

function describeBackward(i, waiting) {
  const targets = [...new Set(nodes[i].edges.filter(edge => edge.part).map(edge => edge.to))];
  const text = [nodes[i].leaf ? paragraph("is a leaf: its gradient is complete and is kept.")
    : paragraph("is the deepest node that waits, so nothing can still send it a gradient. Its pullbacks run and ",
      "send a part each to ", ...joined(targets.map(to => link(to))), ".")];
  if (waiting.length) {
    const most = 12;
    const entry = k => el("span", { title: `depth ${nodes[k].depth}`, onclick: () => select(k) },
      `${label(k)} ${nodes[k].depth}`);
    text.push(paragraph(`${waiting.length} still wait${waiting.length === 1 ? "s" : ""}, in a heap by depth: `,
      el("span", { class: "heap" }, ...waiting.slice(0, most).map(entry)),
      waiting.length > most ? `and ${waiting.length - most} more` : ""));
  } else text.push(paragraph("No other node waits."));
  for (const to of targets) {
    const parts = arriving[to].length, arrived = arrivedAt(to, state.step);
    if (parts > 1)
      text.push(paragraph(link(to), ` is used ${parts} times: ${arrived} of its ${parts} parts `,
        arrived === 1 ? "has arrived" : "have arrived", arrived < parts ? ", so it must wait." : " and are added."));
  }
  return text;
}

// ---- the selected node

function showNode() {
  const i = state.node, node = nodes[i], panel = byId("node"), ran = backwardStep.get(i);
  const users = nodes.flatMap((other, from) => other.edges.filter(edge => edge.to === i).map(() => from));
  const facts = [shapeText(node.shape), bytesText(node.bytes), node.dtype, node.device, `depth ${node.depth}`,
    node.site, node.hooked ? "has a hook" : ""];
  panel.replaceChildren(
    el("h2", {}, node.name ? `${node.name} ` : "", node.name && node.leaf ? "" : code(node.op)),
    paragraph(facts.filter(Boolean).join(" · ")));
  if (node.edges.length) panel.append(paragraph("inputs: ", ...joined(node.edges.map(edge => link(edge.to)))));
  if (users.length) panel.append(paragraph("used by: ", ...joined(users.map(from => link(from)))));
  panel.append(showTensor("Value", node.value,
    { missing: "Not on the tape: no pullback needs it. Tensors in `names` are shown." }));

  const gradient = showTensor(state.step >= ran ? "Gradient" : `Gradient, complete in step ${ran ?? "–"}`,
    node.gradient, {
      chosen: node.gradient?.values.length > 1 ? state.element : undefined, choose,
      missing: "This node takes no part in the pass.",
    });
  const wrong = wrongGradient(i);
  panel.append(wrong ? el("div", { class: "pair" }, gradient, showWrong(wrong, node.gradient)) : gradient);
  if (node.gradient?.values.length) panel.append(chainRule(i));
  if (node.leaf && node.accumulated)
    panel.append(showTensor(".grad afterwards, with what it held before", node.stored));
  if (!node.leaf) panel.append(...describePullbacks(node), ...describeTime(i), ...describeKernels(node), ...describeSaved(node));
}

function showWrong(wrong, right) {
  const shown = showTensor("With the mistake", wrong);
  shown.firstChild.className = "wrong-text";
  if (shapeText(wrong.shape) !== shapeText(right.shape))
    shown.append(el("p", { class: "wrong-text" }, `${shapeText(wrong.shape)} instead of ${shapeText(right.shape)}`));
  return shown;
}

/// The gradient of the chosen element, part by part.
function chainRule(i) {
  const { gradient, hooked } = nodes[i], { dtype } = gradient, parts = arriving[i];
  const at = clamp(state.element, 0, gradient.values.length - 1);
  const rows = parts.map(({ from, edge, step }) => {
    const words = el("td", {}, "from ", link(from), ` in step ${step}`, differences.has(edge.part)
      ? el("span", { class: "wrong-text" }, " differs") : null);
    return row([words, number(exact(edge.part.values[at], dtype))], { class: step > state.step ? "later" : "" });
  });
  let total = gradient.values[at];
  if (i === tape.root) rows.push(row(["the pass begins with", number(exact(total, dtype))]));
  else total = parts.map(({ edge }) => edge.part.values[at]).reduce((a, b) => rounded(a + b, dtype));
  const element = gradient.shape.length ? ` [${indexText(gradient, at)}]` : "";
  rows.push(row([`∂loss / ∂${label(i)}${element}`, number(exact(total, dtype))], { class: "total" }));
  return el("div", {}, el("h3", {}, "The chain rule, element by element"),
    gradient.values.length > 1 ? quiet("Click an element of the gradient to see its sum.") : null,
    el("table", { class: "sum" }, ...rows),
    hooked ? paragraph(`After the hooks: ${exact(gradient.values[at], dtype)}`) : null);
}

function describePullbacks(node) {
  const list = formulas[node.op] ?? [], source = tape.pullbacks.find(({ of }) => of === node.op);
  const rows = list.map((formula, k) => {
    const [, name, text] = formula.match(/^(?:(x|W|bias): )?(.*)$/);
    return row([name ?? (list.length === 1 ? "input" : "abc"[k]), code(text)]);
  });
  const title = `The pullbacks of ${node.op}, given g, the gradient of its result y`;
  return [...list.length ? [el("h3", {}, title), el("table", { class: "formulas" }, ...rows)] : [],
    ...source?.text ? [el("h3", {}, `Source of the pullbacks: autograd/ops/${source.file}`), listing(source.text.trim())] : []];
}

function describeTime(i) {
  if (!backwardStep.has(i)) return [];
  return [paragraph(`The pullbacks and the sums of what they return took ${timeText(nodes[i].seconds)}.`),
    quiet("This one run includes what a first run costs, such as new memory and cold caches, and on CUDA the launches " +
      "and the wait for the kernels.")];
}

/// In the order in which they ran; several calls in a row with the same sizes are one row.
function describeKernels(node) {
  const runs = [];
  for (const kernel of node.kernels) {
    if (runs.at(-1)?.kernel !== kernel) runs.push({ kernel, calls: 0 });
    ++runs.at(-1).calls;
  }
  if (!runs.length) return [];
  return [el("h3", {}, "Kernels that ran in this time"),
    el("table", {}, heads(["kernel, with its sizes", "#calls"]),
      ...runs.map(({ kernel, calls }) => row([code(kernel), number(String(calls))])))];
}

function describeSaved(node) {
  const all = node.edges.flatMap(edge => edge.saved.map(saved => ({ ...saved, to: edge.to })));
  const title = el("h3", {}, "Saved tensors");
  if (!all.length) return [title, quiet("none")];
  const what = saved => (saved.kind === "output" ? "its own result"
    : saved.node >= 0 ? link(saved.node) : saved.name || "a constant");
  const rows = all.map(saved =>
    row([link(saved.to), what(saved), shapeText(saved.shape), number(bytesText(saved.bytes))]));
  const constants = new Map(all.filter(saved => saved.value).map(saved => [saved.storage, saved]));
  return [title, el("table", {}, heads(["for the gradient of", "tensor", "shape", "#memory"]), ...rows),
    ...[...constants.values()].map(saved => showTensor(`The saved ${saved.name || "constant"}`, saved.value))];
}

// ---- the memory over the steps

let memoryChart = null;
function drawMemory() {
  const saved = memory.map(now => now.saved), all = memory.map(now => now.saved + now.gradients);
  const most = Math.max(...all, 1);
  return chart({
    last: lastStep, most, label: `Memory over the steps, at most ${bytesText(most)}`, go,
  }, ({ line, area, upright }) => [
    el("path", { class: "saved", d: area(saved.map(() => 0), saved) }),
    el("path", { class: "gradients", d: area(saved, all) }),
    el("path", { class: "eager", d: line(memory.map(now => now.eager + now.gradients)) }),
    upright("turn", firstBackward - 1)]);
}

function showMemory() {
  memoryChart ??= drawMemory();
  memoryChart.moveTo(state.step);
  byId("memory").replaceChildren(memoryChart.picture);

  const { saved, gradients } = memory[state.step];
  const entry = (colour, text, title) => el("div", { class: "key", style: `--colour: var(${colour})`, title }, text);
  byId("memory-text").replaceChildren(
    entry("--negative", `saved tensors ${bytesText(saved)}`, "Parameters are not counted."),
    entry("--positive", `gradients ${bytesText(gradients)}`),
    el("div", { class: "quiet", title: "They stay to the end, so that a pass that fails can be run again." },
      "dashed: released node by node"));
}

// ---- the mistakes

function drawMistakes() {
  for (const [name, { title }] of Object.entries(mistakes))
    byId("mistakes").append(el("option", { value: name }, title));
  byId("mistakes").addEventListener("change", event => {
    state.mistake = event.target.value;
    show(false);
  });
}

function showMistake() {
  const mistake = mistakes[state.mistake], panel = byId("mistake");
  byId("mistakes").value = state.mistake;
  panel.replaceChildren();
  if (state.mistake === "none") return;
  if (!nodes.some((_, i) => mistake.wrong(i))) {
    panel.append(paragraph(mistake.none));
    return;
  }
  panel.append(paragraph(mistake.text));
  if (mistake.error) panel.append(paragraph(code(mistake.error())));
  const affected = [...nodes.keys()].filter(wrongGradient), most = 12;
  if (!affected.length) {
    panel.append(paragraph("Here the result is the same, bit by bit."));
    return;
  }
  panel.append(el("table", {}, heads(["gradient of", "#right", "#wrong"]), ...affected.slice(0, most).map(compare)));
  if (affected.length > most) panel.append(quiet(`and ${affected.length - most} more`));
}

/// A row with the element that differs most or, if the shapes differ, with these.
function compare(i) {
  const right = nodes[i].gradient, wrong = wrongGradient(i);
  const wrongCell = text => el("td", { class: "number wrong-text" }, text);
  if (shapeText(right.shape) !== shapeText(wrong.shape))
    return row([link(i), number(shapeText(right.shape)), wrongCell(shapeText(wrong.shape))]);
  const off = right.values.map((x, k) => Math.abs(x - wrong.values[k])).map(x => (Number.isNaN(x) ? 0 : x));
  const at = off.indexOf(Math.max(...off));
  const name = el("td", {}, link(i), right.shape.length ? ` [${indexText(right, at)}]` : "");
  return row([name, number(short(right.values[at])), wrongCell(short(wrong.values[at]))]);
}

// ---- the table

function showTable() {
  byId("table").hidden = !state.table;
  byId("graph").hidden = state.table;
  byId("show-table").setAttribute("aria-pressed", state.table);
  if (!state.table) return;
  const first = excerpt => (excerpt
    ? excerpt.values.slice(0, 3).map(short).join(", ") + (count(excerpt.shape) > 3 ? ", …" : "") : "–");
  const rowOf = (node, i) => row([String(i), node.leaf ? "leaf" : node.op, node.name, shapeText(node.shape),
    node.dtype, node.site, node.edges.map(edge => edge.to).join(", "), first(node.value), first(node.gradient),
    String(backwardStep.get(i) ?? "–"), node.leaf ? "" : timeText(node.seconds)], {
    "data-node": i, tabindex: 0, class: i === state.node ? "selected" : "",
    onclick: () => select(i), onkeydown: event => event.key === "Enter" && select(i),
  });
  byId("table").replaceChildren(el("table", {},
    el("caption", {}, "The tape, from the loss to the leaves. Enter or a click selects a node."),
    heads(["no.", "operation", "name", "shape", "dtype", "line", "inputs", "value", "gradient", "runs in step",
      "time"]),
    ...nodes.map(rowOf)));
}
