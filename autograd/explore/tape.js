// The recording, and what follows from it: the steps, and the memory in each.

/// Reads JSON, or a page like this one. Nothing that the page contains runs.
function readRecording(text) {
  const json = text.trimStart().startsWith("{") ? text
    : new DOMParser().parseFromString(text, "text/html").getElementById("recording").textContent;
  const recording = JSON.parse(json);
  for (const node of recording.nodes) {
    for (const key of ["value", "gradient", "stored", "depthFirst"]) node[key] = readExcerpt(node[key]);
    for (const edge of node.edges) {
      for (const key of ["part", "unsummed", "spoiled"]) edge[key] = readExcerpt(edge[key]);
      edge.saved ??= [];
      for (const saved of edge.saved) saved.value = readExcerpt(saved.value);
    }
  }
  return recording;
}
const tape = readRecording(byId("recording").textContent);
const { nodes, visits } = tape;
const label = i => nodes[i].name || (nodes[i].leaf ? `leaf ${i}` : nodes[i].op);

// The tape does not know when an operation ran forward. The reverse of the pass is an order in which it could have.
const forwardOrder = visits.map(visit => visit.node).reverse().filter(i => !nodes[i].leaf);
const steps = [
  { kind: "start" },
  ...forwardOrder.map(node => ({ kind: "forward", node })),
  ...visits.map(({ node, waiting }) => ({ kind: "backward", node, waiting })),
  { kind: "end" },
];
const lastStep = steps.length - 1, firstBackward = 1 + forwardOrder.length;
/// The step in which a node runs backward; undefined if it takes no part in the pass.
const backwardStep = new Map(visits.map((visit, k) => [visit.node, firstBackward + k]));
const forwardStep = new Map(forwardOrder.map((node, k) => [node, 1 + k]));

/// The parts of each node's gradient, in the order in which they arrive.
const arriving = nodes.map(() => []);
for (const { node } of visits)
  for (const edge of nodes[node].edges)
    if (edge.part) arriving[edge.to].push({ from: node, edge, step: backwardStep.get(node) });
const arrivedAt = (i, step) => arriving[i].filter(part => part.step <= step).length;

/// "future", "" (computed), "waiting" (holds a part of its gradient), "running" or "done".
function statusAt(i, step) {
  const backward = backwardStep.get(i), forward = forwardStep.get(i);
  if (backward === step || forward === step) return "running";
  if (backward < step) return "done";
  if (arriving[i].some(part => part.step <= step)) return "waiting";
  if (i === tape.root && step === firstBackward - 1) return "waiting";
  return forward > step ? "future" : "";
}

// ---- memory

// Parameters exist with or without the tape, so what is saved of them is not counted.
const leafStorages = new Set();
for (const node of nodes)
  for (const edge of node.edges)
    for (const saved of edge.saved)
      if (saved.node >= 0 && nodes[saved.node].leaf) leafStorages.add(saved.storage);
const savedBy = nodes.map(node =>
  node.edges.flatMap(edge => edge.saved).filter(saved => !leafStorages.has(saved.storage)));

function memoryAt(step) {
  const kept = new Map(), eager = new Map();  // bytes of each storage
  for (const i of forwardOrder) {
    if (forwardStep.get(i) > step) continue;
    for (const { storage, bytes } of savedBy[i]) {
      kept.set(storage, bytes);
      if (backwardStep.get(i) >= step) eager.set(storage, bytes);
    }
  }
  const holdsGradient = (node, i) => {
    if (step === lastStep) return node.leaf && node.stored;
    const status = statusAt(i, step);
    return status === "waiting" || (status === "running" && step >= firstBackward) ||
      (status === "done" && node.leaf);
  };
  return {
    saved: step === lastStep && !tape.keepsGraph ? 0 : sum(kept.values()),
    eager: step === lastStep ? 0 : sum(eager.values()),  // if a node released its tensors after it has run
    gradients: sum(nodes.filter(holdsGradient).map(node => node.bytes)),
  };
}
const memory = steps.map((_, step) => memoryAt(step));
