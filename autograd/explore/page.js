// The state of the page, and what changes it. The address holds it, too (#step=12&node=3&mistake=order), so that a
// link leads to what its writer saw.

const state = { step: 0, node: tape.root, mistake: "none", element: 0, training: 0, table: false, timer: null,
  address: null };
const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const whole = name => (/^\d+$/.test(given.get(name) ?? "") ? Number(given.get(name)) : null);
  state.step = clamp(whole("step") ?? state.step, 0, lastStep);
  state.node = clamp(whole("node") ?? steps[state.step].node ?? state.node, 0, nodes.length - 1);
  if (Object.hasOwn(mistakes, given.get("mistake") ?? "")) state.mistake = given.get("mistake");
  state.training = clamp(whole("training") ?? state.training, 0, trainingSteps.length - 1);
  state.table = given.has("table");
}
function writeAddress() {
  clearTimeout(state.address);  // browsers refuse to change the address very often
  state.address = setTimeout(() => {
    const address = new URLSearchParams({ step: state.step, node: state.node });
    if (state.mistake !== "none") address.set("mistake", state.mistake);
    if (state.training) address.set("training", state.training);
    if (state.table) address.set("table", "1");
    history.replaceState(null, "", `#${address}`);
  }, 100);
}

/// Draws what depends on the state; with `move`, the selected node comes into view.
function show(move) {
  const [title, ...text] = describeStep();
  byId("step-title").textContent = title;
  byId("step-text").replaceChildren(...text);
  byId("slider").value = state.step;
  byId("position").textContent =
    `step ${state.step} of ${lastStep}, ${state.step < firstBackward ? "forward" : "backward"}`;
  showGraph();
  showNode();
  showMemory();
  showMistake();
  showOptimizer();
  showTable();
  if (move && state.step === lastStep) byId("optimizer").firstChild.open = true;
  if (move && !state.table) reveal(state.node);
  writeAddress();
}

function go(step) {
  state.step = clamp(step, 0, lastStep);
  const { node } = steps[state.step];
  if (node !== undefined) {
    state.node = node;
    state.element = 0;
  }
  if (state.step === lastStep) stop();
  show(true);
}
function select(node) {
  state.node = node;
  state.element = 0;
  show(true);
}
/// Chooses an element of the selected gradient.
function choose(element) {
  state.element = element;
  show(false);
}
function play() {
  if (state.timer) return stop();
  if (state.step === lastStep) go(0);
  state.timer = setInterval(() => go(state.step + 1), 900);
  byId("play").textContent = "Pause";
}
function stop() {
  clearInterval(state.timer);
  state.timer = null;
  byId("play").textContent = "Play";
}
function toggleTable() {
  state.table = !state.table;
  show(true);
  if (!state.table) moveCamera();
}
/// To what the selected node is computed from, and back.
function selectInput() {
  const [edge] = nodes[state.node].edges;
  if (edge) select(edge.to);
}
function selectUser() {
  const user = nodes.findIndex(node => node.edges.some(edge => edge.to === state.node));
  if (user >= 0) select(user);
}

// The system's theme, until a button chooses another.
const root = document.documentElement, systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemIsDark.matches);
const nameTheme = () => { byId("theme").textContent = isDark() ? "Light" : "Dark"; };
function toggleTheme() {
  root.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
}

// ---- input

const stepTo = {
  first: () => go(0), back: () => go(state.step - 1), forward: () => go(state.step + 1), last: () => go(lastStep),
};
const zoomIn = () => zoom(1.3), zoomOut = () => zoom(1 / 1.3);
const keys = {
  ArrowRight: stepTo.forward, ArrowLeft: stepTo.back, Home: stepTo.first, End: stepTo.last, " ": play,
  ArrowUp: selectInput, ArrowDown: selectUser, "+": zoomIn, "-": zoomOut, 0: fit, t: toggleTable, d: toggleTheme,
};
const buttons = {
  ...stepTo, play, "zoom-in": zoomIn, "zoom-out": zoomOut, fit, theme: toggleTheme, "show-table": toggleTable,
};
for (const [id, action] of Object.entries(buttons)) byId(id).addEventListener("click", action);
byId("slider").addEventListener("input", event => go(Number(event.target.value)));
addEventListener("keydown", event => {
  const action = keys[event.key], control = event.target.closest("input, button, a, select, summary");
  const itsOwn = control && (event.key === " " || control.matches("select, #training"));  // a control uses this key itself
  if (!action || itsOwn || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  action();
});
addEventListener("hashchange", () => {
  readAddress();
  show(true);
});
systemIsDark.addEventListener("change", nameTheme);

// ---- the beginning

const leaves = nodes.filter(node => node.leaf).length;
byId("summary").textContent = `${tape.title}: ${nodes.length - leaves} operations, ${leaves} leaves`;
document.title = `Tape of ${tape.title}`;
byId("slider").max = lastStep;
nameTheme();
readAddress();
draw();
drawMistakes();
drawOptimizer();
beginView();
show(true);
