// Mistakes that people make, each one rule in the place of a right one.
// part, layer: whose formula it changes; layer is null where it changes all of them.

const bent_hidden = D.hidden.some(g => g !== "identity");
const BUGS = {
  sign: {
    part: "dZL",
    formula: l => `dZ_${l} = y - A_${l}`,
    rules: {dZL: (A, y) => A.map((a, k) => y[k] - a)},
  },
  output_slope: {
    part: "dZL",
    formula: l => `dZ_${l} = (A_${l} - y) ∗ A_${l} ∗ (1 - A_${l})`,
    rules: {dZL: (A, y) => A.map((a, k) => (a - y[k]) * a * (1 - a))},
  },
  no_slope: {
    part: "dZ",
    applies: L > 1 && bent_hidden,
    formula: l => `dZ_${l} = dA_${l}`,
    rules: {dZ: dA => [...dA]},
  },
  slope_of_A: {
    part: "dZ",
    applies: D.hidden.some(g => !["identity", "relu", "leaky_relu"].includes(g)),
    formula: l => `dZ_${l} = dA_${l} ∗ g'(A_${l})`,
    rules: {dZ: (dA, {G}, g) => dA.map((d, i) => d * g.slope(G[i], g.value(G[i], G[i] > 0)))},
  },
  mean_twice: {
    part: "dZ",
    applies: L > 1 && m > 1,
    formula: l => `dZ_${l} = dA_${l} ∗ g'(Z_${l}) / m`,
    rules: {dZ: (dA, layer, g) => RULES.dZ(dA, layer, g).map(d => d / m)},
  },
  no_weights: {
    part: "dA",
    applies: L > 1,
    formula: l => `dA_${l} = Σ dZ_${l + 1}`,
    rules: {dA: (W, dZ) => W[0].map(() => dZ.reduce((sum, d) => sum + d, 0))},
  },
  upside_down: {
    part: "dW",
    layer: 1,
    formula: () => "dZ_1 x[::-1]^T",
    rules: {dW: (dZ, A_prev, l) => RULES.dW(dZ, l === 1 ? [...A_prev].reverse() : A_prev, l)},
  },
  sum_for_mean: {
    part: "meanb",
    applies: m > 1,
    formula: l => `db_${l} = Σ_j dZ_${l}`,
    rules: {meanb: sum => sum},
  },
  no_l2: {
    part: "meanW",
    applies: D.l2 > 0,
    formula: l => `dW_${l} = 1/m Σ_j dZ_${l} ${given(l - 1)}^T`,
    rules: {meanW: sum => sum / m},
  },
  no_mask: {
    part: "undrop",
    applies: D.keep_prob < 1 && L > 1,
    formula: l => `dA_${l} = dÃ_${l}`,
    rules: {undrop: dA => [...dA]},
  },
  no_scale: {
    part: "undrop",
    applies: D.keep_prob < 1 && L > 1,
    formula: l => `dA_${l} = dÃ_${l} ∗ D_${l}`,
    rules: {undrop: (dA, mask) => dA.map((d, i) => (mask(i) ? d : 0))},
  },
};
const PLANTABLE = Object.keys(BUGS).filter(name => BUGS[name].applies ?? true);
const rulesWith = bug => ({...RULES, ...(bug ? BUGS[bug].rules : {})});
