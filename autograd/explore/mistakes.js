// What the gradients would be if something were done wrong.

const addUp = excerpts =>
  combine(excerpts, (...values) => values.reduce((a, b) => rounded(a + b, excerpts[0].dtype)));
const equalValues = (a, b) =>
  a.values.length === b.values.length && a.values.every((x, i) => Object.is(x, b.values[i]));

/// The part of an edge before its sum over broadcast dimensions. The gradient of a bias is such a sum, too,
/// inside the pullback of linear.
function beforeSum(from, edge) {
  if (edge.unsummed) return edge.unsummed;
  const repeatsBias = nodes[from].op === "linear" && nodes[edge.to].shape.length === 1 && nodes[from].shape[0] > 1;
  return repeatsBias ? nodes[from].gradient : null;
}

/// Each with `wrong(i)`, the gradient of node i as the mistake makes it; null if it does not concern the node.
const mistakes = {
  none: { title: "nothing goes wrong", wrong: () => null },
  zero: {
    title: "zero_grad() is forgotten",
    text: "Gradients accumulate in .grad until they are dropped. A second pass over the same batch adds to the " +
      "first, and the step becomes twice as long.",
    wrong: i => (nodes[i].leaf && nodes[i].gradient ? addUp([nodes[i].gradient, nodes[i].gradient]) : null),
  },
  order: {
    title: "nodes run depth first",
    text: "A node that runs when the first part of its gradient arrives loses the parts that come later. The " +
      "deepest node first is a topological order: every node that sends a gradient to another is deeper than it.",
    none: "In this step every value is used once, so each gradient has one part, and any order would do.",
    wrong: i => (nodes[i].leaf ? nodes[i].depthFirst : null),
  },
  broadcast: {
    title: "nothing is summed over broadcast dimensions",
    text: "An input that was repeated gets a gradient for each repetition. Without their sum the gradient has the " +
      "shape of the output; an update with it would fail, or take the first row for the whole.",
    none: "No operation of this step repeats an input that needs a gradient.",
    wrong: i => {
      const part = arriving[i].find(({ from, edge }) => beforeSum(from, edge));
      return part ? beforeSum(part.from, part.edge) : null;
    },
  },
  saved: {
    title: "saved tensors are changed in place",
    text: "Here all tensors that a pullback has saved were doubled between the forward and the backward pass. " +
      "tenon compares the version of each with that of its storage and refuses:",
    none: "No pullback of this step has saved a tensor of floating-point numbers.",
    wrong: i => {
      if (!arriving[i].some(({ edge }) => edge.spoiled)) return null;
      return addUp(arriving[i].map(({ edge }) => edge.spoiled ?? edge.part));
    },
    error: () => {
      for (const { op, site, edges } of visits.map(visit => nodes[visit.node])) {
        const saved = edges.find(edge => edge.spoiled)?.saved.find(one => one.dtype.startsWith("float"));
        if (saved)
          return `backward: a tensor of shape ${shapeText(saved.shape)} that was saved for "${op}" has been ` +
            `modified in place since; it is at version 1, saved at version 0 (${site})`;
      }
      return "";
    },
  },
};

/// What node `i` gets with the chosen mistake, if that differs from its gradient.
function wrongGradient(i) {
  const wrong = mistakes[state.mistake].wrong(i);
  return wrong && nodes[i].gradient && !equalValues(wrong, nodes[i].gradient) ? wrong : null;
}
