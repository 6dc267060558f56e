// Every equation in the order of computing, with one example's numbers in it.

// What g is, and its slope, as they are computed.
const FORMULAS = {
  relu: [Z => `max(0, ${Z})`, Z => `[${Z} > 0]`],
  leaky_relu: [Z => `max(0.01 ${Z}, ${Z})`, Z => `(1 : ${Z} > 0, 0.01 : ${Z} ≤ 0)`],
  tanh: [Z => `tanh(${Z})`, (Z, A) => `(1 - ${A}^2)`],
  sigmoid: [Z => `σ(${Z})`, Z => `σ(${Z}) σ(-${Z})`],
  identity: [Z => Z, () => "1"],
  elu: [Z => `(${Z} : ${Z} > 0, e^{${Z}} - 1 : ${Z} ≤ 0)`, Z => `e^{min(${Z}, 0)}`],
  softplus: [Z => `log(1 + e^{${Z}})`, Z => `σ(${Z})`],
  gelu: [Z => `${Z} ∗ Φ(${Z})`, Z => `(Φ(${Z}) + ${Z} ∗ φ(${Z}))`],
  gelu_tanh: [
    Z => `${Z} ∗ σ(2u), u = √(2/π) (${Z} + 0.044715 ${Z}^3)`,
    Z => `(σ(2u) + 2 ${Z} ∗ u' σ(2u) σ(-2u))`,
  ],
  silu: [Z => `${Z} ∗ σ(${Z})`, Z => `σ(${Z}) (1 + ${Z} ∗ σ(-${Z}))`],
};
const OUTPUTS = {
  sigmoid: Z => `1 / (1 + e^{-${Z}})`,
  softmax: Z => `e^{${Z}} / Σ_k e^{${Z}}`,
};

const dropping = D.keep_prob < 1;
// What layer l gives to the next: x, or A, with dropout Ã.
const given = l => (l === 0 ? "x" : dropping && l < L ? `Ã_${l}` : `A_${l}`);

// One step: key names it, kind is forward, backward or update, l its layer, part the rule
// that it is. lines: formulas, each with its numbers, a label and a rule if that is another.
const step = (kind, key, l, part, ...lines) => ({kind, key, l, part, lines});
const line = (text, numbers, label, part) => ({text, numbers, label, part});

function forwardSteps({params, layers, y, masks, j}) {
  const steps = [];
  layers.forEach(({A_prev, Z, G, A}, k) => {
    const l = k + 1, {W, b} = params[k];
    steps.push(step("forward", `Z${l}`, l, "Z", line(
      `Z_${l} = W_${l} ${given(l - 1)} + b_${l}`,
      substituted(matrix(W), column(A_prev), sign("+"), column(b), sign("="), column(Z)))));
    if (l === L) return;
    steps.push(step("forward", `A${l}`, l, "A", line(
      `A_${l} = ${FORMULAS[D.hidden[k]][0](`Z_${l}`)}`,
      substituted(sign("g"), column(Z), sign("="), column(G)))));
    if (!masks) return;
    steps.push(step("forward", `D${l}`, l, "D", line(
      `Ã_${l} = A_${l} ∗ D_${l} / keep`,
      substituted(column(G), sign("∗"), column(G.map((_, i) => masks(k, i, j))), sign("/"),
        scalar(D.keep_prob), sign("="), column(A)))));
  });
  const {Z, A} = layers[L - 1];
  const numbers = D.head === "sigmoid"
    ? [scalar(1), sign("/"), sign("("), scalar(1), sign("+"), `<msup><mi>e</mi>${scalar(-Z[0])}</msup>`, sign(")")]
    : [sign("softmax"), column(Z)];
  steps.push(step("forward", `A${L}`, L, "A", line(
    `A_${L} = ${OUTPUTS[D.head](`Z_${L}`)}`, substituted(...numbers, sign("="), column(A)))));
  const p = chances(A)[labelOf(y)];
  steps.push(step("forward", "loss", L, "loss", line(
    D.head === "sigmoid" ? `ℓ = -y log A_${L} - (1 - y) log(1 - A_${L})` : `ℓ = -Σ_k y_k log A_${L}`,
    substituted(sign("−"), sign("log"), scalar(p), sign("="), scalar(head.loss(Z, y))))));
  return steps;
}

function backwardSteps({params, layers, traces, mean, y, masks, j}) {
  const steps = [];
  const decay = l => (D.l2 > 0 ? ` + λ/m W_${l}` : "");
  for (let l = L; l >= 1; l--) {
    const {A_prev, Z, G} = layers[l - 1], {dZ, dW} = traces[l - 1];
    if (l === L) {
      steps.push(step("backward", `dZ${l}`, l, "dZL", line(
        `dZ_${l} = A_${l} - y`,
        substituted(column(G), sign("−"), column(y), sign("="), column(dZ)))));
    } else {
      const g = D.hidden[l - 1], slopes = Z.map((z, i) => ACTIVATIONS[g].slope(z, G[i]));
      steps.push(step("backward", `dZ${l}`, l, "dZ", line(
        `dZ_${l} = dA_${l} ∗ ${FORMULAS[g][1](`Z_${l}`, `A_${l}`)}`,
        substituted(column(traces[l].dG), sign("∗"), column(slopes), sign("="), column(dZ)))));
    }
    steps.push(step("backward", `dW${l}`, l, "dW", line(
      `dZ_${l} ${given(l - 1)}^T`,
      substituted(column(dZ), matrix([A_prev]), sign("="), matrix(dW)), "share"), line(
      `dW_${l} = 1/m Σ_j dZ_${l} ${given(l - 1)}^T${decay(l)}`,
      substituted(sign("="), matrix(mean[l - 1].W)), "all", "meanW")));
    steps.push(step("backward", `db${l}`, l, "db", line(
      `dZ_${l}`, substituted(sign("="), column(dZ)), "share"), line(
      `db_${l} = 1/m Σ_j dZ_${l}`, substituted(sign("="), column(mean[l - 1].b)), "all", "meanb")));
    if (l === 1) break;
    const {dA, dG} = traces[l - 1], below = masks ? `dÃ_${l - 1}` : `dA_${l - 1}`;
    steps.push(step("backward", `dA${l - 1}`, l - 1, "dA", line(
      `${below} = W_${l}^T dZ_${l}`,
      substituted(transposed(params[l - 1].W), column(dZ), sign("="), column(dA)))));
    if (!masks) continue;
    steps.push(step("backward", `dD${l - 1}`, l - 1, "undrop", line(
      `dA_${l - 1} = dÃ_${l - 1} ∗ D_${l - 1} / keep`,
      substituted(column(dA), sign("∗"), column(dA.map((_, i) => masks(l - 2, i, j))), sign("/"),
        scalar(D.keep_prob), sign("="), column(dG)))));
  }
  return steps;
}

function updateSteps({params, mean}) {
  const moved = (values, slopes) => values.map((v, i) => v - D.learning_rate * slopes[i]);
  return params.map(({W, b}, k) => step("update", `W${k + 1}`, k + 1, "update",
    line(`W_${k + 1} ← W_${k + 1} - α dW_${k + 1}`, substituted(matrix(W), sign("−"),
      scalar(D.learning_rate), matrix(mean[k].W), sign("="),
      matrix(W.map((row, i) => moved(row, mean[k].W[i]))))),
    line(`b_${k + 1} ← b_${k + 1} - α db_${k + 1}`, substituted(column(b), sign("−"),
      scalar(D.learning_rate), column(mean[k].b), sign("="), column(moved(b, mean[k].b))))));
}

const stepsOf = now => [...forwardSteps(now), ...backwardSteps(now), ...updateSteps(now)];

// ---- as a list: one button a step, then its numbers

function drawSteps(list, steps, current, bug, T) {
  const focused = list.contains(document.activeElement);
  list.innerHTML = steps.map(({kind, key, l, part, lines}, i) => {
    const rows = lines.map(({text, numbers, label, part: own}) => {
      const planted = bug && BUGS[bug].part === (own ?? part) && (BUGS[bug].layer ?? l) === l;
      const shown = planted
        ? `<del>${formula(text)}</del> <ins>${formula(BUGS[bug].formula(l))}</ins>`
        : formula(text);
      return {shown, numbers, label: label ? `<small>${T[label]}</small>` : ""};
    });
    const on = i === current;
    return `<li class="${kind}" data-key="${key}"${on ? ' aria-current="step"' : ""}>` +
      `<button type="button" data-step="${i}" tabindex="${on ? 0 : -1}" aria-label="${T.step} ${i + 1}${T.comma}${T[kind]}${T.comma}${key}">${key}</button>` +
      rows.map(({shown, numbers, label}) =>
        `<div class="formula">${shown}${label}</div><div class="numbers">${numbers}</div>`).join("") +
      "</li>";
  }).join("");
  // What is wider than its place can be moved by keys too.
  for (const box of list.querySelectorAll(".formula, .numbers")) {
    if (box.scrollWidth > box.clientWidth) {
      box.tabIndex = 0;
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", T.steps);
    }
  }
  const button = list.querySelector(`[data-step="${current}"]`);
  if (focused && button) button.focus({preventScroll: true});
}
