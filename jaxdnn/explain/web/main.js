// What is shown now, and what the reader does to it.

const $ = id => document.getElementById(id);
const state = {
  language: navigator.language.startsWith("zh") ? "zh" : "en",
  at: 0, chosen: 0, step: 0, bug: "", across: 0, up: 1, playing: null,
};

// All that follows from the state.
function present() {
  const {params, ...snapshot} = D.snapshots[state.at];
  const masks = masksOf(snapshot), rules = rulesWith(state.bug), j = state.chosen, y = D.Y[j];
  const layers = forward(params, D.X[j], {masks, j});
  const traces = backward(params, layers, y, {masks, j, rules});
  return {params, masks, layers, traces, y, j, mean: gradients(params, masks, rules)};
}

// Of the last drawing, for what changes with the step alone.
let now, steps;

function draw() {
  const T = TEXTS[state.language], {epoch, cost: J} = D.snapshots[state.at];
  now = present();
  steps = stepsOf(now);
  $("epoch").value = state.at;
  $("epoch").setAttribute("aria-valuetext", `${T.epoch} ${epoch}`);
  $("at").textContent = `${epoch}   J = ${J.toFixed(4)}`;
  $("example").value = state.chosen + 1;
  const p = chances(now.layers[L - 1].A), best = labelOf(p);
  $("said").textContent = `${T.truth}${T.colon}${D.classes[labelOf(now.y)]}${T.semicolon}` +
    `${T.said}${T.colon}${D.classes[best]} (${p[best].toFixed(3)})`;
  drawPlane($("plane"), {...now, ...state});
  $("plane").setAttribute("aria-label",
    `${T.plane}${T.comma}${T.epoch} ${epoch}${T.semicolon}${T.example} ${state.chosen + 1}${T.stop}${$("said").textContent}`);
  drawCurve($("curve"), state.at, T);
  drawStep();
  drawCheck($("check"), [], T);
  $("verdict").textContent = T.waiting;
  $("verdict").className = "";
  if (state.playing === null) checkGradients(now, rows => {
    drawCheck($("check"), rows, T);
    [$("verdict").className, $("verdict").textContent] = verdictOf(rows, state.bug, T);
  });
}

function drawStep() {
  const T = TEXTS[state.language], {kind, key} = steps[state.step];
  drawGraph($("graph"), now, steps[state.step], T);
  drawSteps($("steps"), steps, state.step, state.bug, T);
  $("stepped").textContent = `${T.step} ${state.step + 1} / ${steps.length}${T.colon}${T[kind]}${T.comma}${key}`;
}

// What changes with the language alone.
function write() {
  const T = TEXTS[state.language];
  document.documentElement.lang = state.language === "zh" ? "zh-CN" : "en";
  document.title = `${T.title}${T.colon}${D.title}`;
  for (const part of document.querySelectorAll("[data-text]")) part.textContent = T[part.dataset.text];
  $("language").textContent = T.other;
  $("language").lang = state.language === "zh" ? "en" : "zh-CN";
  $("play").setAttribute("aria-label", state.playing === null ? T.play : T.pause);
  $("bug").innerHTML = [["", T.none], ...PLANTABLE.map(name => [name, T.bugs[name]])]
    .map(([name, text]) => `<option value="${name}">${escapeText(text)}</option>`).join("");
  $("bug").value = state.bug;
  const size = D.snapshots[0].params.reduce((s, {W, b}) => s + W.flat().length + b.length, 0);
  $("what").textContent = [
    D.title, `${D.layer_dims.join("-")} ${[...D.hidden, D.head].join(" ")}`, `${size} ${T.parameters}`,
    `${m} ${T.examples}`, `${T.learning_rate} α = ${D.learning_rate}`,
    ...(D.l2 > 0 ? [`L2 λ = ${D.l2}`] : []), ...(dropping ? [`keep = ${D.keep_prob}`] : []),
  ].join(T.comma);
  $("verified").textContent =
    `${T.there}${T.colon}${D.verdict.line}${T.stop}${T.there_how(D.verdict.epoch)}${T.stop}`.trimEnd();
  $("dropout").hidden = !dropping;
}

function set(changes) {
  Object.assign(state, changes);
  draw();
}

function goTo(step) {
  state.step = step;
  drawStep();
}

function move(by) {
  goTo((state.step + by + steps.length) % steps.length);
  const item = $("steps").children[state.step];
  item.scrollIntoView({block: "nearest"});
}

function play() {
  if (state.playing !== null) {
    clearInterval(state.playing);
    state.playing = null;
  } else {
    if (state.at === D.snapshots.length - 1) state.at = 0;
    state.playing = setInterval(() => {
      if (state.at + 1 >= D.snapshots.length - 1) play();
      set({at: Math.min(state.at + 1, D.snapshots.length - 1)});
    }, 80);
  }
  $("play").textContent = state.playing === null ? "▶" : "❚❚";
  write();
  draw();
}

function begin() {
  $("epoch").max = D.snapshots.length - 1;
  $("epoch").oninput = event => set({at: +event.target.value});
  $("example").max = m;
  $("example").onchange = event => {
    const asked = Math.round(+event.target.value) || 1;
    set({chosen: Math.min(m, Math.max(1, asked)) - 1});
  };
  $("play").onclick = play;
  $("language").onclick = () => {
    state.language = state.language === "zh" ? "en" : "zh";
    write();
    draw();
  };
  $("bug").onchange = event => set({bug: event.target.value});
  $("steps").onclick = event => {
    const item = event.target.closest("li");
    if (item) goTo([...$("steps").children].indexOf(item));
  };
  $("plane").onclick = event => set({chosen: nearest($("plane"), state, event)});
  const drag = event => event.buttons && set({at: snapshotAt($("curve"), event)});
  $("curve").onpointerdown = event => {
    $("curve").setPointerCapture(event.pointerId);
    drag(event);
  };
  $("curve").onpointermove = drag;
  document.onkeydown = event => {
    const own = event.target.closest("input, select, .formula, .numbers, .wide");
    if (own || event.altKey || event.ctrlKey || event.metaKey) return;
    const by = {ArrowRight: 1, ArrowLeft: -1}[event.key];
    if (by) {
      event.preventDefault();
      move(by);
    }
  };
  $("axes").hidden = D.inputs.length === 2;
  for (const axis of ["across", "up"]) {
    $(axis).innerHTML = D.inputs.map((name, k) => `<option value="${k}">${escapeText(name)}</option>`).join("");
    $(axis).value = state[axis];
    $(axis).onchange = event => set({[axis]: +event.target.value});
  }
  drawClasses($("classes"));
  write();
  draw();
}
begin();
