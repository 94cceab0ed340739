// Where the nodes are drawn: in layers, values flowing down. Four steps, after Sugiyama: layers, points where a
// long edge crosses a layer, an order within each layer with few crossings, and coordinates.

const box = { width: 150, height: 46, gapX: 22, gapY: 46, bend: 14 };

/// Returns the size of the drawing, the centre of each node, and the points of each edge, source first:
/// {width, height, nodes: [{x, y}], edges: [{from, index, points: [{x, y}]}]}.
function layOut(nodes) {
  const layerOf = layersFromRoot(nodes);
  const last = Math.max(...layerOf);
  const layers = Array.from({ length: last + 1 }, () => []);
  // A cell is a node or a bend of an edge; `up` and `down` are its neighbours in the layers above and below.
  // `weight` is how strongly it pulls its neighbours: a chain stays straight, and a parameter beside it moves.
  const cell = (layer, width, weight) => {
    const made = { layer, width, weight, x: 0, up: [], down: [], at: layers[layer].length };
    layers[layer].push(made);
    return made;
  };
  const link = (upper, lower) => { upper.down.push(lower); lower.up.push(upper); };
  const cells = nodes.map((node, i) => cell(last - layerOf[i], box.width, 1 + node.depth));
  const edges = [];
  nodes.forEach((node, i) => node.edges.forEach((edge, index) => {
    const chain = [cells[edge.to]];
    for (let layer = chain[0].layer + 1; layer < cells[i].layer; ++layer)
      chain.push(cell(layer, box.bend, chain[0].weight));
    chain.push(cells[i]);
    for (let k = 1; k < chain.length; ++k) link(chain[k - 1], chain[k]);
    edges.push({ from: i, index, chain });
  }));
  reduceCrossings(layers);
  assignX(layers);
  const all = layers.flat();
  const left = Math.min(...all.map(c => c.x - c.width / 2)), right = Math.max(...all.map(c => c.x + c.width / 2));
  const place = c => ({ x: c.x - left, y: c.layer * (box.height + box.gapY) + box.height / 2 });
  return {
    width: right - left,
    height: (last + 1) * (box.height + box.gapY) - box.gapY,
    nodes: cells.map(place),
    edges: edges.map(({ from, index, chain }) => ({ from, index, points: chain.map(place) })),
  };
}

/// The longest way to the root, so that a parameter stands right above its first use. Nodes are in breadth-first
/// order, which need not be topological; depth is.
function layersFromRoot(nodes) {
  const layer = nodes.map(() => 0);
  const deepestFirst = nodes.map((_, i) => i).sort((a, b) => nodes[b].depth - nodes[a].depth);
  for (const i of deepestFirst)
    for (const edge of nodes[i].edges) layer[edge.to] = Math.max(layer[edge.to], layer[i] + 1);
  return layer;
}

/// Sorts each layer by the mean position of the neighbours, down and up again, and keeps the best order found.
function reduceCrossings(layers) {
  const number = layer => layer.forEach((c, i) => { c.at = i; });
  const mean = list => sum(list.map(c => c.at)) / list.length;
  let best = layers.map(layer => [...layer]), fewest = crossings(layers);
  for (let round = 0; round < 12 && fewest > 0; ++round) {
    const down = round % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      for (const c of layer) {
        const neighbours = down ? c.up : c.down;
        c.wish = neighbours.length ? mean(neighbours) : c.at;
      }
      layer.sort((a, b) => a.wish - b.wish || a.at - b.at);
      number(layer);
    }
    const count = crossings(layers);
    if (count < fewest) { fewest = count; best = layers.map(layer => [...layer]); }
  }
  best.forEach((layer, i) => { layers[i].splice(0, layer.length, ...layer); number(layer); });
}

function crossings(layers) {
  let count = 0;
  for (const layer of layers) {
    const links = layer.flatMap(c => c.down.map(d => [c.at, d.at]));
    for (let i = 0; i < links.length; ++i)
      for (let j = 0; j < i; ++j)
        if ((links[i][0] - links[j][0]) * (links[i][1] - links[j][1]) < 0) ++count;
  }
  return count;
}

/// Moves every cell towards the mean of its neighbours. The heaviest of a layer go first; the others make room.
function assignX(layers) {
  for (const layer of layers) {
    layer.forEach((c, i) => {
      const before = layer[i - 1];
      c.packed = before ? before.packed + (before.width + c.width) / 2 + box.gapX : 0;  // at the least distances
      c.x = c.packed;
    });
  }
  const mean = cells => sum(cells.map(c => c.weight * c.x)) / sum(cells.map(c => c.weight));
  for (let round = 0; round < 12; ++round) {
    const down = round % 2 === 1;
    for (const layer of down ? layers : [...layers].reverse())
      place(layer, layer.map(c => {
        // One side at a time, so that a chain becomes straight in one round.
        const side = down ? c.up : c.down, near = side.length ? side : [...c.up, ...c.down];
        return near.length ? mean(near) : c.x;
      }));
  }
  // In a deep network the last round may have moved a chain away from its parameters.
  const strayed = c => !c.up.length && c.down.length && Math.abs(c.x - mean(c.down)) > 2 * box.width;
  for (const layer of layers) place(layer, layer.map(c => (strayed(c) ? mean(c.down) : c.x)));
}

/// Moves the cells of a layer to where they wish to be, as far as the order and the distances allow.
function place(layer, wishes) {
  const placed = [];  // by index, with holes
  for (const i of [...layer.keys()].sort((i, j) => layer[j].weight - layer[i].weight || i - j)) {
    let x = wishes[i];
    placed.forEach((c, k) => {
      const least = c.x + layer[i].packed - c.packed;
      x = k < i ? Math.max(x, least) : Math.min(x, least);
    });
    layer[i].x = x;
    placed[i] = layer[i];
  }
}

/// A smooth line through points that lie one below the other.
function curve(points) {
  let path = `M${points[0].x.toFixed(1)} ${points[0].y.toFixed(1)}`;
  for (let i = 1; i < points.length; ++i) {
    const a = points[i - 1], b = points[i], middle = (a.y + b.y) / 2;
    path += `C${[a.x, middle, b.x, middle, b.x, b.y].map(x => x.toFixed(1)).join(" ")}`;
  }
  return path;
}
