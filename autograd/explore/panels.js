// What stands beside and below the drawing: the step, the selected node, the memory, the chosen mistake, the
// optimizer, and the graph as a table.

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
  const facts = [shapeText(node.shape), node.dtype, node.device, `depth ${node.depth}`, node.site,
    node.hooked ? "has a hook" : ""];
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
  if (!node.leaf) panel.append(...describePullbacks(node), ...describeSaved(node));
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
    const words = el("td", {}, "from ", link(from), ` in step ${step}`);
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
  const list = formulas[node.op];
  if (!list) return [];
  const rows = list.map((formula, k) => {
    const [, name, text] = formula.match(/^(?:(x|W|bias): )?(.*)$/);
    return row([name ?? (list.length === 1 ? "input" : "abc"[k]), code(text)]);
  });
  return [el("h3", {}, `The pullbacks of ${node.op}, given g, the gradient of its result y`), el("table", {}, ...rows)];
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

function showMemory() {
  const width = 1000, height = 60;  // stretched to the width of the slider
  const most = Math.max(...memory.map(({ saved, gradients }) => saved + gradients), 1);
  const x = step => step * width / Math.max(lastStep, 1), y = bytes => height - 2 - (height - 6) * bytes / most;
  const points = f => memory.map((now, step) => `${x(step).toFixed(1)} ${y(f(now)).toFixed(1)}`);
  const area = (low, high) => `M${[...points(high), ...points(low).reverse()].join("L")}z`;
  const upright = (kind, step) => el("line", { class: kind, x1: x(step), x2: x(step), y1: 0, y2: height });
  const picture = el("svg", {
    class: "curve", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img",
    "aria-label": `Memory over the steps, at most ${bytesText(most)}`,
    onclick: event => {
      const frame = picture.getBoundingClientRect();
      go(Math.round((event.clientX - frame.left) / frame.width * lastStep));
    },
  },
    el("path", { class: "saved", d: area(() => 0, now => now.saved) }),
    el("path", { class: "gradients", d: area(now => now.saved, now => now.saved + now.gradients) }),
    el("path", { class: "eager", d: `M${points(now => now.eager + now.gradients).join("L")}` }),
    upright("turn", firstBackward - 1), upright("cursor", state.step));
  byId("memory").replaceChildren(picture);

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

// ---- the optimizer

const updateParts = [["gradient", "--positive"], ["decay", "--negative"], ["momentum", "--done"]];

function drawOptimizer() {
  const { updates, updatesError } = tape;
  byId("optimizer").hidden = !updates.length && !updatesError;
  const panel = el("details", {}, el("summary", {}, "The optimizer's next step"));
  byId("optimizer").append(panel);
  if (updatesError) {
    panel.append(paragraph(updatesError));
    return;
  }
  const key = ([name, colour]) => el("span", { class: "key", style: `--colour: var(${colour})` }, name);
  panel.append(quiet("L2 norms of the parameter, of its update, and of the parts whose sum this is"),
    el("p", { class: "keys" }, ...updateParts.map(key)),
    el("table", {}, heads(["parameter", "#norm", "#update", "consists of"]), ...updates.map(describeUpdate)));
}

function describeUpdate(update, k) {
  const i = nodes.findIndex(node => node.name && node.name === update.name);
  const parts = updateParts.map(([name, colour]) => ({ name, colour, norm: Number(update[name]) }))
    .filter(({ norm }) => norm !== 0);
  const whole = sum(parts.map(({ norm }) => norm));
  const bar = el("div", { class: "bar" }, ...parts.map(({ norm, colour }) =>
    el("span", { style: `width: ${100 * norm / whole}%; background: var(${colour})` })));
  const text = parts.map(({ name, norm }) => `${name} ${short(norm)}`).join(", ") || "nothing";
  return row([i < 0 ? update.name || `parameter ${k}` : link(i), number(short(Number(update.norm))),
    number(short(Number(update.update))), el("td", {}, bar, el("span", { class: "quiet small" }, text))]);
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
    String(backwardStep.get(i) ?? "–")], {
    "data-node": i, tabindex: 0, class: i === state.node ? "selected" : "",
    onclick: () => select(i), onkeydown: event => event.key === "Enter" && select(i),
  });
  byId("table").replaceChildren(el("table", {},
    el("caption", {}, "The tape, from the loss to the leaves. Enter or a click selects a node."),
    heads(["no.", "operation", "name", "shape", "dtype", "line", "inputs", "value", "gradient", "runs in step"]),
    ...nodes.map(rowOf)));
}
