// What the optimizer does to each parameter, in every recorded step of the training.

const trainingSteps = tape.steps;
const updateParts = [["gradient", "--positive"], ["decay", "--negative"], ["momentum", "--done"]];
const updateCurves = [];  // of each parameter

function drawOptimizer() {
  const several = trainingSteps.length > 1;
  byId("optimizer").hidden = trainingSteps.every(({ updates, error }) => !updates.length && !error);
  const title = several ? `The optimizer's first ${trainingSteps.length} steps` : "The optimizer's next step";
  const key = ([name, colour]) => el("span", { class: "key", style: `--colour: var(${colour})` }, name);
  byId("optimizer").append(el("details", {}, el("summary", {}, title),
    quiet("L2 norms of the parameter, of its update, and of the parts whose sum this is",
      several ? ". The curves show the parts in each step, on a logarithmic scale of four decades." : ""),
    el("p", { class: "keys" }, ...updateParts.map(key)),
    several ? el("input", {
      id: "training", type: "range", min: 0, max: trainingSteps.length - 1, "aria-label": "Step of the training",
      oninput: event => goTraining(Number(event.target.value)),
    }) : null,
    el("div", { id: "updates" })));
}

function goTraining(step) {
  state.training = clamp(step, 0, trainingSteps.length - 1);
  showOptimizer();
  writeAddress();
}

function showOptimizer() {
  const { loss, updates, error } = trainingSteps[state.training], several = trainingSteps.length > 1;
  const text = `step ${state.training + 1} of ${trainingSteps.length}, loss ${short(Number(loss))}`;
  byId("updates").replaceChildren(several ? quiet(text) : "", error ? paragraph(error)
    : el("table", {}, heads(["parameter", "#norm", "#update", "consists of"]), ...updates.flatMap(describeUpdate)));
  if (several) byId("training").value = state.training;
}

function describeUpdate(update, k) {
  const i = nodes.findIndex(node => node.name && node.name === update.name);
  const parts = updateParts.map(([name, colour]) => ({ name, colour, norm: Number(update[name]) }))
    .filter(({ norm }) => norm !== 0);
  const whole = sum(parts.map(({ norm }) => norm));
  const bar = el("div", { class: "bar" }, ...parts.map(({ norm, colour }) =>
    el("span", { style: `width: ${100 * norm / whole}%; background: var(${colour})` })));
  const text = parts.map(({ name, norm }) => `${name} ${short(norm)}`).join(", ") || "nothing";
  const present = row([i < 0 ? update.name || `parameter ${k}` : link(i), number(short(Number(update.norm))),
    number(short(Number(update.update))), el("td", {}, bar, el("span", { class: "quiet small" }, text))]);
  return trainingSteps.length > 1 ? [present, row([el("td", { colspan: 4 }, updateCurve(k))])] : [present];
}

/// The curves of a parameter, drawn once; only the line at the present step moves.
function updateCurve(k) {
  updateCurves[k] ??= drawUpdateCurve(k);
  const { picture, moveTo } = updateCurves[k];
  moveTo(state.training);
  return picture;
}
function drawUpdateCurve(k) {
  const curves = updateParts.map(([part, colour]) => ({
    colour, norms: trainingSteps.map(({ updates }) => Number(updates[k]?.[part] ?? 0)),
  })).filter(({ norms }) => norms.some(norm => norm !== 0));
  const decades = 4, most = curves.flatMap(({ norms }) => norms).filter(Number.isFinite).reduce((a, b) => Math.max(a, b), 0);
  const height = norm => clamp(decades + Math.log10(norm / most), 0, decades) || 0;  // not a number: 0
  return chart({
    last: trainingSteps.length - 1, most: decades, label: `Parts of the update over the steps, at most ${short(most)}`,
    go: goTraining,
  }, ({ line }) => curves.map(({ colour, norms }) =>
    el("path", { class: "part", style: `stroke: var(${colour})`, d: line(norms.map(height)) })));
}
