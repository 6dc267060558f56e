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
    const sign = escapeText(token.replace("-", "−").replace("'", "′"));
    return `<mo stretchy="false">${sign}</mo>`;
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

// Two digits at least of what is small; fewer in all where there is little room, and an
// exponent of what is too long for it.
function digits(v, places = 3) {
  const size = Math.abs(v), low = 10 ** (1 - places);
  let text = size.toFixed(places);
  if (size >= 1e5) text = size.toExponential(places - 1);
  else if (Number.isInteger(v)) text = String(size);
  else if (size < low) text = places < 3 ? size.toExponential(0) : size.toPrecision(2);
  return (v < 0 ? "−" : "") + text;
}
const scalar = v => (v < 0 ? `<mrow><mo>(</mo><mn>${digits(v)}</mn><mo>)</mo></mrow>` : `<mn>${digits(v)}</mn>`);
function matrix(rows) {
  const texts = rows.map(row => row.map(v => digits(v)));
  // Figure spaces: numbers below each other end below each other.
  const wide = texts[0].map((_, k) => Math.max(...texts.map(row => row[k].length)));
  const cell = (text, k) => `<mtd><mn>${text.padStart(wide[k], "\u2007")}</mn></mtd>`;
  const lines = texts.map(row => `<mtr>${row.map(cell).join("")}</mtr>`);
  return `<mrow><mo>[</mo><mtable>${lines.join("")}</mtable><mo>]</mo></mrow>`;
}
const column = values => matrix(values.map(v => [v]));
const transposed = rows => matrix(rows[0].map((_, k) => rows.map(row => row[k])));
const sign = text => `<mo>${text}</mo>`;
const substituted = (...parts) => `<math>${parts.join("")}</math>`;
