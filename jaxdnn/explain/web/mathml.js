// Formulas as MathML: letters with _ and ^, as in "dZ_2 = W_3^T dZ_3 ∗ g'(Z_2)".

const escapeText = text =>
  String(text).replace(/[&<>"]/g, c => ({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})[c]);

function formula(text) {
  const tokens = text.match(/tanh|max|min|log|keep|\d+(\.\d+)?|[_^{}]|[\p{L}]|\S/gu);
  let at = 0;
  const atom = () => {
    const token = tokens[at++];
    if (token === "{") {
      let inner = "";
      while (tokens[at] !== "}") inner += scripted();
      at++;
      return `<mrow>${inner}</mrow>`;
    }
    if (/^\d/.test(token)) return `<mn>${token}</mn>`;
    if (/^\p{L}/u.test(token)) return `<mi>${token}</mi>`;
    return `<mo>${escapeText(token.replace("-", "−").replace("'", "′"))}</mo>`;
  };
  const scripted = () => {
    const base = atom(), found = {};
    while (tokens[at] === "_" || tokens[at] === "^") found[tokens[at++]] = atom();
    const {_: below, "^": above} = found;
    if (below && above) return `<msubsup>${base}${below}${above}</msubsup>`;
    if (below) return `<msub>${base}${below}</msub>`;
    return above ? `<msup>${base}${above}</msup>` : base;
  };
  let all = "";
  while (at < tokens.length) all += scripted();
  return `<math>${all}</math>`;
}

// ---- numbers in the places of letters

const digits = v => (v < 0 && v.toFixed(3) !== "-0.000" ? "−" : "") + Math.abs(v).toFixed(3);
const scalar = v => (v < 0 ? `<mrow><mo>(</mo><mn>${digits(v)}</mn><mo>)</mo></mrow>` : `<mn>${digits(v)}</mn>`);
const matrix = rows =>
  `<mrow><mo>[</mo><mtable>${rows
    .map(row => `<mtr>${row.map(v => `<mtd><mn>${digits(v)}</mn></mtd>`).join("")}</mtr>`)
    .join("")}</mtable><mo>]</mo></mrow>`;
const column = values => matrix(values.map(v => [v]));
const transposed = rows => matrix(rows[0].map((_, k) => rows.map(row => row[k])));
const sign = text => `<mo>${text}</mo>`;
const substituted = (...parts) => `<math>${parts.join("")}</math>`;
