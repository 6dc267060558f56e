// The plane of two inputs: what the network says of every place, and the examples.
// Other inputs are held at the chosen example's.

const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9",
  "#7A5195", "#8C564B", "#555555", "#117733", "#AA4499", "#999933"];
const rgba = (colour, alpha) =>
  colour + Math.round(255 * alpha).toString(16).padStart(2, "0");

// Outlines by class, so that no two need be told by colour alone.
const SHAPES = [
  (g, x, y, r) => g.arc(x, y, r, 0, 7),
  (g, x, y, r) => g.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r),
  (g, x, y, r) => polygon(g, x, y, 1.25 * r, 3),
  (g, x, y, r) => polygon(g, x, y, 1.2 * r, 4),
  (g, x, y, r) => polygon(g, x, y, 1.1 * r, 5),
];
function polygon(g, x, y, r, corners) {
  for (let k = 0; k < corners; k++) {
    const turn = 2 * Math.PI * k / corners - Math.PI / 2;
    g.lineTo(x + r * Math.cos(turn), y + r * Math.sin(turn));
  }
  g.closePath();
}

// From the inputs across and up to pixels and back.
function frameOf(canvas, across, up) {
  const range = k => {
    const values = D.X.map(x => x[k]), low = Math.min(...values), high = Math.max(...values);
    const room = 0.1 * (high - low) || 1;
    return [low - room, high + room];
  };
  const [left, right] = range(across), [bottom, top] = range(up);
  const {width, height} = canvas;
  return {
    x: v => (v - left) / (right - left) * width,
    y: v => height - (v - bottom) / (top - bottom) * height,
    at: (px, py) => [left + px / width * (right - left), bottom + (1 - py / height) * (top - bottom)],
  };
}

const CELL = 10;
function drawPlane(canvas, {params, chosen, across, up}) {
  const g = canvas.getContext("2d"), frame = frameOf(canvas, across, up);
  g.clearRect(0, 0, canvas.width, canvas.height);
  for (let left = 0; left < canvas.width; left += CELL) {
    for (let top = 0; top < canvas.height; top += CELL) {
      const x = [...D.X[chosen]], [a, b] = frame.at(left + CELL / 2, top + CELL / 2);
      x[across] = a;
      x[up] = b;
      const p = chances(forward(params, x)[L - 1].A), best = labelOf(p);
      const sure = (p[best] - 1 / p.length) / (1 - 1 / p.length);
      g.fillStyle = rgba(COLOURS[best], 0.08 + 0.4 * sure);
      g.fillRect(left, top, CELL, CELL);
    }
  }
  D.X.forEach((x, j) => {
    const label = labelOf(D.Y[j]);
    g.beginPath();
    SHAPES[label % SHAPES.length](g, frame.x(x[across]), frame.y(x[up]), 7);
    g.fillStyle = COLOURS[label];
    g.fill();
    g.lineWidth = 1.5;
    g.strokeStyle = "#fff";
    g.stroke();
  });
  const x = D.X[chosen];
  g.beginPath();
  g.arc(frame.x(x[across]), frame.y(x[up]), 15, 0, 7);
  g.lineWidth = 4;
  g.strokeStyle = "#000";
  g.stroke();
}

// The example nearest to where somebody clicked.
function nearest(canvas, {across, up}, event) {
  const frame = frameOf(canvas, across, up), box = canvas.getBoundingClientRect();
  const px = (event.clientX - box.left) / box.width * canvas.width;
  const py = (event.clientY - box.top) / box.height * canvas.height;
  const far = D.X.map(x => (frame.x(x[across]) - px) ** 2 + (frame.y(x[up]) - py) ** 2);
  return far.indexOf(Math.min(...far));
}

function drawClasses(list) {
  list.innerHTML = D.classes.map((name, k) => {
    const canvas = `<canvas width="20" height="20" data-class="${k}"></canvas>`;
    return `<li>${canvas} ${escapeText(name)}</li>`;
  }).join("");
  for (const canvas of list.querySelectorAll("canvas")) {
    const g = canvas.getContext("2d"), k = +canvas.dataset.class;
    g.beginPath();
    SHAPES[k % SHAPES.length](g, 10, 10, 7);
    g.fillStyle = COLOURS[k];
    g.fill();
  }
}
