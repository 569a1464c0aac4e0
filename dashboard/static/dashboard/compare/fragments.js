// Parts that the server draws: what mattered, what the code changed, and media side by side.
import { get, set } from "../urlstate.js";
import { addPart, fetchText, quietly, sayTrouble, turns, whenNear } from "./lazy.js";
import { choices, node } from "./nodes.js";

/** A place whose content is a fragment of the server's; `url()` says where from. */
class Fragment {
  constructor(place, url) {
    Object.assign(this, { place, url, turn: turns() });
  }

  async load() {
    const mine = this.turn();
    const url = this.url();
    if (!url) return false;
    this.place.setAttribute("aria-busy", "true");
    try {
      const text = await fetchText(url, { signal: mine.signal });
      if (!mine.isNewest()) return false;
      const parsed = new DOMParser().parseFromString(text, "text/html");
      this.place.replaceChildren(...[...parsed.body.childNodes].map((each) => document.adoptNode(each)));
      return true;
    } catch (error) {
      if (mine.isNewest()) sayTrouble(this.place, error, () => this.load());
      return false;
    } finally {
      if (mine.isNewest()) this.place.removeAttribute("aria-busy");
    }
  }
}

export function mountImportance(root, state, offers) {
  const target = (offer) => get("target") || offer.target;
  whenNear(root, async () => {
    const place = root.querySelector("[data-fragment]");
    try {
      const offer = await offers();
      const fragment = new Fragment(place, () => `/compare/importance?${state.query({ target: target(offer) })}`);
      const numbers = offer.columns.filter(({ name }) => /^(metric|summary)\./u.test(name));
      const pairs = [...numbers.map(({ name, label }) => [name, label]), ["duration", "duration"]];
      const changed = (name) => {
        set({ target: name });
        fragment.load();
      };
      root.querySelector("[data-tools]").replaceChildren(
        node("label", { class: "small soft" }, "For ", choices(pairs, target(offer), changed, "For which number")),
      );
      state.on("runs", () => fragment.load());
      await fragment.load();
    } catch (error) {
      sayTrouble(place, error, () => location.reload());
    }
  });
}

/** The changes of two runs: the baseline, or else the first run, and one that somebody chooses. */
export function mountCode(root, state) {
  if (!root) return; // one run alone has no changes
  const tools = root.querySelector("[data-tools]");
  const pairs = () => state.ordered().map((run) => [run.id, run.label]);
  const sides = () => {
    const runs = state.ordered();
    const left = state.baseline || get("left") || runs[0]?.id;
    const right = state.byId.has(get("right")) && get("right") !== left ? get("right") : runs.find((run) => run.id !== left)?.id;
    return { left, right };
  };
  const fragment = new Fragment(root.querySelector("[data-fragment]"), () => {
    const { left, right } = sides();
    return left && right ? `/compare/code?${new URLSearchParams({ left, right })}` : "";
  });
  const draw = () => {
    const { left, right } = sides();
    const field = (word, name, chosen) =>
      node("label", { class: "small soft" }, `${word} `, choices(pairs(), chosen, (id) => (set({ [name]: id }), draw()), `${word} run`));
    tools.replaceChildren(...(state.baseline ? [] : [field("From", "left", left)]), field("To", "right", right));
    return fragment.load();
  };
  whenNear(root, () => {
    state.on("order", draw);
    return draw();
  });
}

export function mountMedia(root, state) {
  const place = root.querySelector("[data-fragment]");
  const slider = root.querySelector("[data-media-slider]");
  const keys = new Fragment(place, () => `/compare/media?${state.query()}`);
  let rows = [];
  const load = (row) => row.fragment.load();
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const row = rows.find((each) => each.card === target);
      if (!row) continue;
      row.near = isIntersecting;
      if (row.near && row.stale) load(row), (row.stale = false);
    }
  }, { rootMargin: "300px" });
  const stepAt = () => JSON.parse(place.querySelector("[data-steps]")?.dataset.steps ?? "[]")[Number(slider.value)];
  const move = quietly(() => {
    for (const row of rows) {
      row.stale = !row.near;
      if (row.near) load(row);
    }
  }, 80);
  const say = () => {
    const step = stepAt();
    root.querySelector("[data-step]").textContent = step === undefined ? "" : `step ${step}`;
    slider.setAttribute("aria-valuetext", step === undefined ? "no steps" : `step ${step}`);
  };
  const begin = () => {
    const steps = JSON.parse(place.querySelector("[data-steps]")?.dataset.steps ?? "[]");
    slider.max = Math.max(0, steps.length - 1);
    const wanted = steps.indexOf(Number(get("step")));
    slider.value = get("step") && wanted >= 0 ? wanted : slider.max;
    slider.closest("[data-media-tools]").hidden = steps.length < 2;
    rows = [...place.querySelectorAll("[data-media-key]")].map((card) => {
      const { kind, key } = JSON.parse(card.dataset.mediaKey);
      const url = (start = 0) => `/compare/media/row?${state.query({ kind, key, step: stepAt() ?? "", start: start || "" })}`;
      return { card, url, stale: true, near: false, fragment: new Fragment(card.querySelector("[data-row-place]"), url) };
    });
    rows.forEach(({ card }) => seen.observe(card));
    say();
  };
  slider.addEventListener("input", () => {
    set({ step: stepAt() });
    say();
    move();
  });
  place.addEventListener("click", async (event) => {
    const more = event.target.closest("[data-more-runs]");
    if (!more) return;
    const row = rows.find(({ card }) => card.contains(more));
    const rest = node("div");
    more.replaceWith(rest);
    await new Fragment(rest, () => row.url(Number(more.dataset.moreRuns))).load();
  });
  const reload = async () => (await keys.load()) && begin();
  whenNear(root, () => {
    state.on("runs", reload);
    return reload();
  });
  const stale = () => rows.filter((row) => row.stale);
  addPart({
    label: () => root.getAttribute("aria-label"),
    isOver: () => stale().length === 0,
    begin: () => Promise.all(stale().map((row) => ((row.stale = false), load(row)))),
  });
}
