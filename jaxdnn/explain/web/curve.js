// The cost over the epochs, early ones wider, with a handle at the epoch shown.

const CURVE = {left: 60, right: 352, top: 10, bottom: 100};
const EPOCHS = D.snapshots.map(of => of.epoch), COSTS = D.snapshots.map(of => of.cost);
const highest = Math.max(...COSTS) || 1, last = Math.log1p(EPOCHS.at(-1));
const curveX = epoch => CURVE.left + Math.log1p(epoch) / last * (CURVE.right - CURVE.left);
const curveY = J => CURVE.bottom - J / highest * (CURVE.bottom - CURVE.top);

function drawCurve(svg, at, T) {
  const {left, right, top, bottom} = CURVE;
  const ticks = [0, 1, 10, 100, 1000, 10000].filter(epoch => epoch <= EPOCHS.at(-1));
  svg.setAttribute("aria-label", `${T.curve}${T.colon}J ${digits(COSTS[0])} → ${digits(COSTS.at(-1))}`);
  svg.innerHTML =
    `<line x1="${left}" y1="${bottom}" x2="${right}" y2="${bottom}" stroke="#888"/>` +
    ticks.map(epoch => `<text x="${curveX(epoch)}" y="${bottom + 16}" text-anchor="middle">${epoch}</text>`).join("") +
    `<text x="${left - 10}" y="${top + 4}" text-anchor="end">${highest.toPrecision(2)}</text>` +
    `<text x="${left - 10}" y="${bottom + 4}" text-anchor="end">0</text>` +
    `<path d="M${EPOCHS.map((epoch, k) => `${curveX(epoch)},${curveY(COSTS[k])}`).join("L")}" fill="none" stroke="#0072B2" stroke-width="2"/>` +
    `<circle id="handle" cx="${curveX(EPOCHS[at])}" cy="${curveY(COSTS[at])}" r="7" fill="#E69F00" stroke="#000"/>`;
}

// Which snapshot is nearest to where the handle was drawn.
function snapshotAt(svg, event) {
  const box = svg.getBoundingClientRect(), wide = svg.viewBox.baseVal.width;
  const x = (event.clientX - box.left) / box.width * wide;
  const far = EPOCHS.map(epoch => Math.abs(curveX(epoch) - x));
  return far.indexOf(Math.min(...far));
}
