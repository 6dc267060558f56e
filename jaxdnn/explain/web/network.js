// The library's equations, one example at a time. A test holds every number of theirs
// against jaxdnn's own.

const L = D.layer_dims.length - 1;
const m = D.X.length;

// ---- activations: value(z, on) and slope(z, a); on says on which side of 0 the unit is,
// so that a difference across a kink is one of the side that the unit stands on.

const sigmoid = z => (z < 0 ? Math.exp(z) / (1 + Math.exp(z)) : 1 / (1 + Math.exp(-z)));
const softplus = z => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));

// erf x = 2/√π e^(-x²) Σ 2ⁿ x^(2n+1) / (1·3···(2n+1)): all terms have one sign.
function erf(x) {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x, sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}
const normal = z => (1 + erf(z / Math.SQRT2)) / 2;
const density = z => Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);

const CUBIC = 0.044715;
const bent = z => Math.sqrt(2 / Math.PI) * (z + CUBIC * z ** 3);
const bending = z => Math.sqrt(2 / Math.PI) * (1 + 3 * CUBIC * z * z);

const ACTIVATIONS = {
  relu: {value: (z, on) => (on ? z : 0), slope: z => (z > 0 ? 1 : 0)},
  leaky_relu: {value: (z, on) => (on ? z : 0.01 * z), slope: z => (z > 0 ? 1 : 0.01)},
  tanh: {value: Math.tanh, slope: (z, a) => (1 - a) * (1 + a)},
  sigmoid: {value: sigmoid, slope: z => sigmoid(z) * sigmoid(-z)},
  identity: {value: z => z, slope: () => 1},
  elu: {value: (z, on) => (on ? z : Math.expm1(z)), slope: z => (z > 0 ? 1 : Math.exp(z))},
  softplus: {value: softplus, slope: sigmoid},
  gelu: {value: z => z * normal(z), slope: z => normal(z) + z * density(z)},
  gelu_tanh: {
    value: z => z * sigmoid(2 * bent(z)),
    slope: z => {
      const s = sigmoid(2 * bent(z));
      return s + 2 * z * bending(z) * s * sigmoid(-2 * bent(z));
    },
  },
  silu: {value: z => z * sigmoid(z), slope: z => sigmoid(z) * (1 + z * sigmoid(-z))},
};
const hidden = D.hidden.map(name => ACTIVATIONS[name]);

// ---- heads: what the logits say, and the loss, computed from the logits.

const HEADS = {
  sigmoid: {
    output: Z => Z.map(sigmoid),
    loss: (Z, y) => y[0] * softplus(-Z[0]) + (1 - y[0]) * softplus(Z[0]),
  },
  softmax: {
    output: Z => {
      const top = Math.max(...Z), e = Z.map(z => Math.exp(z - top));
      const sum = e.reduce((s, v) => s + v, 0);
      return e.map(v => v / sum);
    },
    loss: (Z, y) => {
      const top = Math.max(...Z);
      const sum = Z.reduce((s, z) => s + Math.exp(z - top), 0);
      return Math.log(sum) - Z.reduce((s, z, k) => s + y[k] * (z - top), 0);
    },
  },
};
const head = HEADS[D.head];

// Probabilities of all classes.
const chances = A => (A.length === 1 ? [1 - A[0], A[0]] : A);
const labelOf = y => (y.length === 1 ? y[0] : y.indexOf(Math.max(...y)));

// ---- dropout: the masks that were recorded, as D(l, i, j) of hidden layer l.

function masksOf(snapshot) {
  if (D.keep_prob === 1) return null;
  const layers = snapshot.masks.map(text => Uint8Array.from(atob(text), c => c.charCodeAt(0)));
  return (l, i, j) => {
    const k = i * m + j;
    return (layers[l][k >> 3] >> (7 - (k & 7))) & 1;
  };
}

// ---- forward: of example j, from layer `from` on; A is what comes into that layer.

function forward(params, A, {masks = null, j = 0, held = null, from = 0} = {}) {
  const layers = [];
  for (let l = from; l < L; l++) {
    const {W, b} = params[l], A_prev = A;
    const Z = W.map((row, i) => row.reduce((sum, w, k) => sum + w * A_prev[k], 0) + b[i]);
    let G;
    if (l === L - 1) {
      G = A = head.output(Z);
    } else {
      G = Z.map((z, i) => hidden[l].value(z, held ? held[l].Z[i] > 0 : z > 0));
      A = masks ? G.map((a, i) => (masks(l, i, j) ? a / D.keep_prob : 0)) : G;
    }
    layers.push({A_prev, Z, G, A});
  }
  return layers;
}

// ---- backward: the rules as derived. A planted bug is another rule in the place of one.

const RULES = {
  dZL: (A, y) => A.map((a, k) => a - y[k]),
  dW: (dZ, A_prev, l) => dZ.map(d => A_prev.map(a => d * a)),
  dA: (W, dZ) => W[0].map((_, k) => W.reduce((sum, row, i) => sum + row[k] * dZ[i], 0)),
  undrop: (dA, mask) => dA.map((d, i) => (mask(i) ? d / D.keep_prob : 0)),
  dZ: (dA, {Z, G}, g) => dA.map((d, i) => d * g.slope(Z[i], G[i])),
  meanW: (sum, w) => sum / m + D.l2 / m * w,
  meanb: sum => sum / m,
};

function backward(params, layers, y, {masks = null, j = 0, rules = RULES} = {}) {
  const traces = [];
  let dZ = rules.dZL(layers[L - 1].A, y);
  for (let l = L - 1; l >= 0; l--) {
    const trace = {dZ, dW: rules.dW(dZ, layers[l].A_prev, l + 1)};
    traces[l] = trace;
    if (l === 0) break;
    trace.dA = rules.dA(params[l].W, dZ);
    trace.dG = masks ? rules.undrop(trace.dA, i => masks(l - 1, i, j)) : trace.dA;
    dZ = rules.dZ(trace.dG, layers[l - 1], hidden[l - 1]);
  }
  return traces;
}

// ---- all examples

function cost(params, masks) {
  const losses = D.X.map((x, j) => head.loss(forward(params, x, {masks, j})[L - 1].Z, D.Y[j]));
  const squares = params.reduce((s, {W}) => W.flat().reduce((t, w) => t + w * w, s), 0);
  return losses.reduce((s, v) => s + v, 0) / m + D.l2 / (2 * m) * squares;
}

function gradients(params, masks, rules = RULES) {
  const sums = params.map(({W, b}) => ({W: W.map(row => row.map(() => 0)), b: b.map(() => 0)}));
  D.X.forEach((x, j) => {
    const layers = forward(params, x, {masks, j});
    backward(params, layers, D.Y[j], {masks, j, rules}).forEach(({dZ, dW}, l) => {
      dZ.forEach((d, i) => {
        sums[l].b[i] += d;
        dW[i].forEach((v, k) => (sums[l].W[i][k] += v));
      });
    });
  });
  return sums.map(({W, b}, l) => ({
    W: W.map((row, i) => row.map((sum, k) => rules.meanW(sum, params[l].W[i][k]))),
    b: b.map(sum => rules.meanb(sum)),
  }));
}

// (J(θ + h) - J(θ - h)) / 2h of every entry of a layer's W and b. The losses' differences
// are summed, not the losses, so that most of the rounding goes out. Where inputs are
// large the step is as much shorter. blur: how much of a difference may be rounding, of
// logits added up from terms as large as these.
const STEP = 2e-6;
function differences(params, masks, l) {
  const base = D.X.map((x, j) => forward(params, x, {masks, j}));
  const {W, b} = params[l];
  const moved = params.map((of, k) => (k === l ? {W: W.map(row => [...row]), b: [...b]} : of));
  const losses = () => D.X.map((_, j) => {
    const on = {masks, j, held: base[j], from: l};
    return head.loss(forward(moved, base[j][l].A_prev, on).at(-1).Z, D.Y[j]);
  });
  const slope = (array, i, h) => {
    const was = array[i];
    array[i] = was + h;
    const above = losses();
    array[i] = was - h;
    const below = losses();
    array[i] = was;
    return above.reduce((s, v, j) => s + (v - below[j]), 0) / (2 * h * m);
  };
  const size = k => Math.hypot(...base.map(layers => layers[l].A_prev[k])) / Math.sqrt(m);
  const steps = W[0].map((_, k) => STEP / Math.max(1, size(k)));
  const last = params[L - 1];
  const terms = base.reduce((sum, layers) => sum + Math.max(...last.W.map((row, i) =>
    row.reduce((s, w, k) => s + Math.abs(w * layers[L - 1].A_prev[k]), Math.abs(last.b[i])))), 0);
  const blur = Number.EPSILON * terms / m;
  return {
    W: W.map((row, i) => row.map((w, k) => slope(moved[l].W[i], k, steps[k]) + D.l2 / m * w)),
    b: b.map((_, i) => slope(moved[l].b, i, STEP)),
    blur: {W: blur / Math.min(...steps), b: blur / STEP},
  };
}

// How far two gradients are apart, and whether that is more than differences can err by.
const THRESHOLD = 1e-6, RESOLVED = 1e-9;
function apart(g, d, blur) {
  const norm = v => Math.hypot(...v);
  const gap = norm(g.map((v, i) => v - d[i])), size = norm(g) + norm(d);
  const wrong = gap > Math.max(RESOLVED, blur) && gap > THRESHOLD * size;
  // A mistake of a tenth could hide.
  const open = !wrong && size > 0 && blur > Math.max(RESOLVED, 0.1 * size);
  return {ratio: size ? gap / size : 0, wrong, open};
}
