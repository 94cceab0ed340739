// The drawing of the graph, which can be moved and zoomed, and a map of it.

const drawing = byId("drawing"), overview = byId("overview");
const layout = layOut(nodes);
const nodeShapes = [], edgeShapes = [], overviewShapes = [];
const camera = { x: 0, y: 0, scale: 1 };  // the top left corner, in the drawing's units; pixels per unit

const shortened = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
/// Names of parameters differ at their ends.
const shortenedName = (text, most) => (text.length > most ? `…${text.slice(1 - most)}` : text);

function draw() {
  drawing.append(el("defs", {}, el("marker", {
    id: "arrow", viewBox: "0 0 10 10", refX: 10, refY: 5, markerWidth: 5, markerHeight: 5, orient: "auto",
  }, el("path", { d: "M0 0L10 5L0 10z" }))));
  drawEdges();
  nodes.forEach(drawNode);
}

function drawEdges() {
  const repeats = new Map();  // several edges between the same two nodes are drawn beside each other
  for (const { from, index, points } of layout.edges) {
    const edge = nodes[from].edges[index], key = `${from} ${edge.to}`, nth = repeats.get(key) ?? 0;
    repeats.set(key, nth + 1);
    const way = points.map(({ x, y }) => ({ x: x + 14 * nth, y }));
    way[0].y += box.height / 2;
    way.at(-1).y -= box.height / 2;
    const shape = el("path", { class: "edge", d: curve(way.reverse()) });  // the way of a gradient
    edgeShapes.push({ from, edge, shape });
    drawing.append(shape);
  }
}

function drawNode(node, i) {
  const { x, y } = layout.nodes[i], { width, height } = box;
  const left = x - width / 2, top = y - height / 2, shape = shapeText(node.shape);
  const received = el("text", { class: "received", x: left + width, y: top - 4 });
  const group = el("g", {
    class: "node", tabindex: -1, role: "button", "aria-label": `${label(i)}, ${shape}`, onclick: () => select(i),
  },
    el("rect", { class: "mark", x: left - 5, y: top - 5, width: width + 10, height: height + 10, rx: 10 }),
    el("rect", { class: "box", x: left, y: top, width, height, rx: node.leaf ? 20 : 6 }),
    el("text", { class: "name", x, y: y - 2 }, (node.name ? shortenedName : shortened)(label(i), 17)),
    el("text", { class: "shape", x, y: y + 14 }, shortened(node.leaf ? shape : `${shape} ${node.site}`, 24)),
    received,
    el("title", {}, `${label(i)} ${shape} ${node.dtype} ${node.device} ${node.site}`));
  nodeShapes.push({ group, received });
  drawing.append(group);
}

function showGraph() {
  const { step } = state, { kind, node: running } = steps[step];
  const differing = new Set([...differences.values()].map(({ node }) => node));
  nodes.forEach((node, i) => {
    const { group, received } = nodeShapes[i], status = statusAt(i, step), selected = i === state.node;
    group.setAttribute("class", ["node", node.leaf ? "leaf" : "operation", status, selected ? "selected" : "",
      wrongGradient(i) ? "wrong" : "", differing.has(i) ? "differs" : ""].join(" "));
    group.setAttribute("tabindex", selected ? 0 : -1);
    const parts = arriving[i].length;
    if (step < firstBackward || (!parts && i !== tape.root)) received.textContent = "";
    else received.textContent = backwardStep.get(i) <= step ? "✓" : `${arrivedAt(i, step)}/${parts}`;
    overviewShapes[i]?.setAttribute("class", selected ? "selected" : "");
  });
  for (const { from, edge, shape } of edgeShapes) {
    const active = running === from && (kind === "forward" || edge.part), status = statusAt(from, step);
    const up = active && kind === "backward" ? "up" : "";
    shape.setAttribute("class", ["edge", active ? "active" : status, up].join(" "));
  }
}

// ---- the camera

function size() {
  const { width, height } = drawing.getBoundingClientRect();
  return { width: width || 800, height: height || 600 };
}
function moveCamera() {
  const { width, height } = size(), { x, y, scale } = camera;
  drawing.setAttribute("viewBox", `${x} ${y} ${width / scale} ${height / scale}`);
  drawing.classList.toggle("far", scale < 0.42);
  overview.querySelector(".window")?.remove();
  overview.append(el("rect", { class: "window", x, y, width: width / scale, height: height / scale }));
}
function centre(x, y) {
  const { width, height } = size();
  camera.x = x - width / camera.scale / 2;
  camera.y = y - height / camera.scale / 2;
  moveCamera();
}
function fit() {
  const { width, height } = size(), margin = 50;
  const scale = Math.min((width - 2 * margin) / layout.width, (height - 2 * margin) / layout.height);
  camera.scale = Math.min(scale, 1.3);
  centre(layout.width / 2, layout.height / 2);
}
/// The point of the window `at` stays where it is; without one, the middle.
function zoom(factor, at) {
  const { width, height } = size(), { x, y } = at ?? { x: width / 2, y: height / 2 };
  const scale = clamp(camera.scale * factor, 0.02, 4);
  camera.x += x / camera.scale - x / scale;
  camera.y += y / camera.scale - y / scale;
  camera.scale = scale;
  moveCamera();
}
/// Moves the camera only if the node is not well inside the window.
function reveal(i) {
  const { width, height } = size(), { x, y } = layout.nodes[i];
  const inX = (x - camera.x) * camera.scale, inY = (y - camera.y) * camera.scale;
  if (inX < 90 || inX > width - 90 || inY < 50 || inY > height - 60) centre(x, y);
}

/// A graph that would be too small to read begins at the selected node, with a map in the corner.
function beginView() {
  fit();
  overview.toggleAttribute("hidden", camera.scale >= 0.6);
  if (camera.scale >= 0.6) return;
  drawOverview();
  camera.scale = 0.85;
  centre(layout.nodes[state.node].x, layout.nodes[state.node].y);
}
function drawOverview() {
  const scale = Math.min(180 / layout.width, Math.max(size().height - 90, 100) / layout.height);
  overview.setAttribute("viewBox", `0 0 ${layout.width} ${layout.height}`);
  overview.setAttribute("width", Math.max(layout.width * scale, 24));
  overview.setAttribute("height", layout.height * scale);
  for (const { x, y } of layout.nodes) {
    const { width, height } = box;
    overviewShapes.push(el("rect", { x: x - width / 2, y: y - height / 2, width, height }));
  }
  overview.append(...overviewShapes);
}

// ---- the mouse

drawing.addEventListener("wheel", event => {
  event.preventDefault();
  const { left, top } = drawing.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY / 400), { x: event.clientX - left, y: event.clientY - top });
}, { passive: false });
drawing.addEventListener("pointerdown", ({ clientX, clientY }) => {
  const start = { ...camera };
  const move = event => {
    camera.x = start.x - (event.clientX - clientX) / camera.scale;
    camera.y = start.y - (event.clientY - clientY) / camera.scale;
    moveCamera();
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", () => removeEventListener("pointermove", move), { once: true });
});
overview.addEventListener("click", event => {
  const { left, top, width, height } = overview.getBoundingClientRect();
  centre((event.clientX - left) / width * layout.width, (event.clientY - top) / height * layout.height);
});
addEventListener("resize", moveCamera);
