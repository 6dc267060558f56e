// The network: a and dz in every unit, the biases as weights of units that say 1.

const GRAPH = {width: 860, across: 30, gap: 66, r: 28};
const BLUE = "#0072B2", VERMILION = "#D55E00";

function places() {
  const tallest = Math.max(...D.layer_dims.map((n, l) => n + (l < L)));
  const height = tallest * GRAPH.gap + 10;
  const x = l => GRAPH.across + GRAPH.r + l * (GRAPH.width - 2 * (GRAPH.across + GRAPH.r) - 20) / L;
  const y = (n, i) => height / 2 + (i - (n - 1) / 2) * GRAPH.gap;
  // The unit that says 1 comes last in its layer.
  const column = l => D.layer_dims[l] + (l < L);
  return {height, x, y: (l, i) => y(column(l), i)};
}
const PLACES = places();

// Which weights and units an equation is about.
const about = ({key, l}) => ({
  weights: /^(Z|dW|db|W)/.test(key) ? l : /^dA/.test(key) ? l + 1 : null,
  units: /^(A|D|dZ|dD|loss)/.test(key) ? l : null,
});

function drawGraph(svg, {params, layers, traces, y}, current, T) {
  const {weights, units} = about(current), slopes = /^d[Wb]/.test(current.key);
  const parts = [];
  params.forEach(({W, b}, l) => {
    const {dW, dZ} = traces[l], few = W.length * W[0].length <= 12;
    W.forEach((row, i) => [...row, b[i]].forEach((w, k) => {
      const bias = k === row.length, hot = weights === l + 1;
      const from = [PLACES.x(l) + (bias ? 13 : GRAPH.r), PLACES.y(l, k)];
      const to = [PLACES.x(l + 1) - GRAPH.r, PLACES.y(l + 1, i)];
      const g = bias ? dZ[i] : dW[i][k];
      const name = bias ? `b${l + 1}[${i + 1}]` : `W${l + 1}[${i + 1},${k + 1}]`;
      parts.push(
        `<line x1="${from[0]}" y1="${from[1]}" x2="${to[0]}" y2="${to[1]}" stroke="${w > 0 ? VERMILION : BLUE}" ` +
        `stroke-width="${Math.min(9, 0.7 + 1.3 * Math.abs(w))}" opacity="${hot ? 0.9 : 0.25}"${bias ? ' stroke-dasharray="5 4"' : ""}>` +
        `<title>${name} = ${digits(w)}, d${name} = ${digits(g)}</title></line>`);
      if (!hot || !few) return;
      // Numbers of lines from one unit below each other.
      const at = 0.35 + 0.45 * k / row.length;
      parts.push(
        `<text class="weight" x="${from[0] + at * (to[0] - from[0])}" y="${from[1] + at * (to[1] - from[1]) - 3}">${digits(slopes ? g : w, 2)}</text>`);
    }));
  });
  const unit = (l, i, above, below, value, title) => {
    const tint = rgba(value > 0 ? VERMILION : BLUE, Math.min(0.45, 0.04 + 0.35 * Math.abs(value)));
    const [x, up] = [PLACES.x(l), PLACES.y(l, i)], hot = units === l;
    parts.push(
      `<g><title>${escapeText(title)}</title><circle cx="${x}" cy="${up}" r="${GRAPH.r}" fill="#fff"/>` +
      `<circle cx="${x}" cy="${up}" r="${GRAPH.r}" fill="${tint}" stroke="${hot ? "#B26A00" : "#777"}" stroke-width="${hot ? 4 : 1.2}"/>` +
      `<text x="${x}" y="${below === null ? up + 4 : up - 2}">${above}</text>` +
      (below === null ? "" : `<text x="${x}" y="${up + 13}" class="slope">${below}</text>`) + "</g>");
  };
  layers[0].A_prev.forEach((x, i) => unit(0, i, digits(x, 2), null, x, `${D.inputs[i]} = ${digits(x)}`));
  layers.forEach(({Z, A}, k) => A.forEach((a, i) => {
    const dz = traces[k].dZ[i];
    unit(k + 1, i, digits(a, 2), digits(dz, 2), k === L - 1 ? 2 * a - 1 : a,
      `z = ${digits(Z[i])}, a = ${digits(a)}, dz = ${digits(dz)}`);
  }));
  for (let l = 0; l < L; l++) {
    const [x, up] = [PLACES.x(l), PLACES.y(l, D.layer_dims[l])];
    parts.push(`<g><title>b${l + 1}</title><rect x="${x - 13}" y="${up - 11}" width="26" height="22" fill="#fff" stroke="#777"/><text x="${x}" y="${up + 4}">+1</text></g>`);
  }
  y.forEach((v, i) => parts.push(
    `<text x="${PLACES.x(L) + GRAPH.r + 5}" y="${PLACES.y(L, i) + 4}" style="text-anchor:start">y ${v}</text>`));
  svg.setAttribute("viewBox", `0 0 ${GRAPH.width} ${PLACES.height}`);
  svg.setAttribute("aria-label", `${T.graph}${T.colon}${D.layer_dims.join("-")}`);
  svg.innerHTML = parts.join("");
}
