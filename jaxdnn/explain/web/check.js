// The gradient of this page against finite differences; beside it, what verify said.

const LEAVES = [];
for (let l = L - 1; l >= 0; l--) LEAVES.push({l, kind: "W"}, {l, kind: "b"});
const nameOf = ({l, kind}) => `d${kind}${l + 1}`;

// One leaf at a time, so that the page stays awake; done(rows) when all are there.
let waiting = null;
function checkGradients({params, masks, mean}, done) {
  clearTimeout(waiting);
  const rows = [];
  const layer = l => {
    const theirs = differences(params, masks, l);
    for (const kind of ["W", "b"]) {
      rows.push({name: nameOf({l, kind}), ...apart(mean[l][kind].flat(), theirs[kind].flat(), theirs.blur[kind])});
    }
    if (l === 0) done(rows);
    else waiting = setTimeout(layer, 0, l - 1);
  };
  waiting = setTimeout(layer, 40, L - 1);
}

const percent = ratio => Math.max(3, Math.min(100, (Math.log10(ratio || 1e-16) + 13) / 14 * 100));

function drawCheck(table, rows, T) {
  const found = Object.fromEntries(rows.map(row => [row.name, row]));
  const cells = LEAVES.map(leaf => {
    const name = nameOf(leaf), row = found[name], verified = D.verdict.rows[name];
    const [kind, sign] = !row || row.open ? ["open", "?"] : row.wrong ? ["wrong", "✗"] : ["right", "✓"];
    const here = row
      ? `<div class="bar" aria-hidden="true"><i class="${kind}" style="width:${percent(row.ratio)}%"></i><b style="left:${percent(1e-6)}%"></b></div>` +
        `<span class="${kind}">${row.ratio.toExponential(1)} ${sign}</span>`
      : `<span>${T.waiting}</span>`;
    const there = verified
      ? `<span class="${verified.ok ? "right" : "wrong"}">${verified.units} ${verified.ok ? "✓" : "✗"}</span>`
      : "";
    return `<tr><th scope="row">${name}</th><td>${here}</td><td>${there}</td></tr>`;
  });
  table.innerHTML =
    `<thead><tr><th scope="col">${T.gradient}</th><th scope="col">${T.here}<br><small>‖g − d‖ / (‖g‖ + ‖d‖)</small></th>` +
    `<th scope="col">${T.there}<br><small>${T.units} ${D.verdict.limit}</small></th></tr></thead><tbody>${cells.join("")}</tbody>`;
}

function verdictOf(rows, bug, T) {
  const named = kind => rows.filter(row => row[kind]).map(row => row.name).join(", ");
  if (named("wrong")) return ["wrong", `${T.differ} ${named("wrong")}`];
  if (named("open")) return ["", `${T.open} ${named("open")}`];
  return ["right", (bug ? `${T.unseen} ` : "") + `${T.agree} ${rows.length}/${rows.length}`];
}
