// A board of charts: which runs and metrics it shows, in which sections; only what is on the screen is fetched and drawn.
import { onChange } from "../urlstate.js";
import { Chart } from "./chart.js";
import { post, Source } from "./fetching.js";
import { Hover } from "./hover.js";
import { looksOf } from "./looks.js";
import { Menu } from "./menu.js";
import { PanelDialog } from "./panel_dialog.js";
import { shownPanel } from "./panels.js";
import { sectionsOf, Shelf } from "./shelf.js";
import { Legend } from "./legend.js";
import { Settings, rangeText } from "./settings.js";
import { Sizing } from "./sizing.js";
import { leftOut } from "./telling.js";
import { Tools } from "./tools.js";

const DRAW_EVERY = 500; // ms: live points are drawn at most twice a second
const RELOAD_EVERY = 2000; // ms: many runs tell of new metrics at once
const RESTYLED = ["whirr:theme", "whirr:colours", "whirr:zone"];
const MOST_WATCHED = 400; // series of a run that the server looks after
const REFETCHED = ["x", "zoom", "agg", "band", "each"]; // what points depend on

/** Key and writer of a series, as the server calls it. */
function parted(name) {
  const [, key, writer] = /^([^]*)\n([a-z0-9-]{1,32})$/.exec(name) ?? ["", name, ""];
  return [key, writer];
}

/** What is asked for by names that anybody chose: "constructor" is one of them only where it is there. */
const byName = (told) => Object.assign(Object.create(null), told);

export class Board {
  /** `live`: cursors may be asked for at any time; `onChange` is called when they have changed. */
  constructor(root, { live = false, onShown = () => {} } = {}) {
    Object.assign(this, { root, live, onShown, runs: [], groups: [], hidden: new Set(), revision: 0, questions: 0, answered: 0, series: byName({}), byRun: new Map() });
    this.settings = new Settings();
    this.source = new Source();
    this.hover = new Hover(this);
    this.shelf = new Shelf(this, root.querySelector("[data-board-sections]"));
    this.legend = new Legend(this, root.querySelector("[data-board-legend]"));
    this.menu = new Menu(this);
    this.asking = new PanelDialog(this);
    this.tools = new Tools(this, root.querySelector("[data-board-tools]"));
    this.sizing = new Sizing(this);
    this.timer = setInterval(() => this.drawDirty(), DRAW_EVERY);
    this.unheard = onChange((names) => this.urlChanged(names));
    this.restyle = () => this.redraw({ looks: true });
    for (const event of RESTYLED) document.addEventListener(event, this.restyle);
    this.resized = new ResizeObserver(() => this.resize());
    this.resized.observe(root);
  }

  /** Show these runs: [{run, attempt?}], and curves of groups of them where `groups` are given. */
  async show(runs, { groups = [] } = {}) {
    this.wanted = runs;
    const asked = JSON.stringify([runs, groups, this.settings.columns()]);
    if (asked === this.asked) return;
    this.asked = asked;
    this.groups = groups;
    await this.reload();
  }

  /** Ask anew which metrics there are and how runs look; charts of the same runs keep their points. */
  async reload() {
    const asked = this.asked;
    const number = (this.questions += 1);
    this.root.setAttribute("aria-busy", "true");
    try {
      const body = { runs: this.wanted.map(({ run, attempt }) => [run, attempt ?? null]), columns: this.settings.columns() };
      const told = await (await post(this.root.dataset.board, body)).json();
      if (asked !== this.asked || number < this.answered) return; // a later question was answered first
      this.answered = number;
      this.take(told);
    } catch (error) {
      console.warn(error);
      if (number < this.questions) return; // what was asked since then says more
      this.asked = null;
      if (asked !== null) this.trouble(`The charts could not be loaded: ${error.message}`);
      clearTimeout(this.again);
      if (error.status === 400) return; // what is wrong is said: it would be wrong again
      this.again = setTimeout(() => this.show(this.wanted, { groups: this.groups }), 5000);
    } finally {
      if (number === this.questions) this.root.removeAttribute("aria-busy");
    }
  }

  take({ runs, sections, series, style, missing }) {
    const before = JSON.stringify([this.runs.map(({ run, attempt }) => [run, attempt]), this.groupsBefore]);
    const attempts = new Map(this.wanted.map(({ run, attempt }) => [run, attempt]));
    Object.assign(this, { style, series: byName(series), sections, missing, byRun: new Map(runs.map((each) => [each.run, each])) });
    this.runs = runs.map(({ run }) => ({ run, attempt: attempts.get(run) }));
    this.groupsBefore = this.groups;
    if (before !== JSON.stringify([this.runs.map(({ run, attempt }) => [run, attempt]), this.groups])) this.revision += 1;
    this.looks = looksOf(this.byRun, this.settings, style);
    this.arrange();
  }

  /** Sections and cards as they are to be now. */
  arrange() {
    const panels = this.settings.panels.map((each) => shownPanel(each, this.metrics));
    this.shelf.arrange(sectionsOf(this.sections ?? [], this.settings, panels), this.facets(), panels);
    const { facetsLeft } = this.shelf;
    this.trouble(leftOut({ missing: this.missing, facets: facetsLeft, columns: this.settings.columnsLeft(), passed: this.settings.passed }));
    this.legend.show();
    this.tools.show();
    const own = document.querySelector("[data-no-charts]"); // a page that says more
    const isEmpty = this.runs.length > 0 && Object.keys(this.series).every((key) => key.startsWith("system/"));
    (own ?? this.root.querySelector("[data-board-empty]")).hidden = !isEmpty;
    this.charts.filter(({ visible }) => visible).forEach((chart) => chart.setVisible(true));
    this.drawDirty();
    this.changed();
  }

  facets() {
    return this.shelf.facetsOf(this.byRun, this.settings.facet);
  }

  /** Every metric of the runs, as sections have them in order. */
  get metrics() {
    return (this.sections ?? []).flatMap(({ keys }) => keys);
  }

  get charts() {
    return this.shelf.charts();
  }

  /** How many series of a run were known when it was last asked for: the server tells of more. */
  keysOf(run) {
    return this.byRun.get(run)?.keys ?? 0;
  }

  trouble(text) {
    const place = this.root.querySelector("[data-board-trouble]");
    place.textContent = text;
    place.hidden = !text;
  }

  drawDirty() {
    if (document.hidden) return;
    for (const chart of this.charts) if (chart.visible && chart.dirty) chart.draw();
  }

  /** Draw what is seen from the points that are here. */
  redraw({ looks = false } = {}) {
    if (looks && this.style) {
      this.looks = looksOf(this.byRun, this.settings, this.style);
      this.legend.show();
    }
    for (const chart of this.charts) chart.dirty = chart.curves.length > 0;
    this.drawDirty();
  }

  resize() {
    clearTimeout(this.fitting);
    this.fitting = setTimeout(() => this.redraw(), 100);
  }

  /** The address changed, by this page's tools or by the browser's Back. */
  urlChanged(names) {
    this.settings.read();
    const touched = (some) => names === null || some.some((name) => names.has(name));
    if (!this.style) return;
    if (touched(["colour", "dash", "facet"])) this.show(this.wanted, { groups: this.groups });
    if (touched(["colour", "dash"])) this.redraw({ looks: true });
    if (touched(["find", "top", "facet", "panels"])) this.arrange();
    if (touched(REFETCHED)) this.charts.forEach((chart) => chart.setVisible(chart.visible));
    if (touched(["y", "smooth", "outliers", "band", "each"])) this.redraw();
    this.tools.show();
  }

  /** A range was dragged in a chart: one step, that the browser's Back undoes. */
  zoomed(chart, range, fixed) {
    const zoom = range ? { zoom: rangeText(range) } : {};
    const isOfAll = this.settings.together && chart.settings.x === this.settings.board.x;
    const own = { ...(isOfAll ? {} : zoom), ...(fixed ? { range: rangeText(fixed) } : {}) };
    this.settings.setOwn(chart.name, own, { board: isOfAll ? zoom : {}, push: true });
  }

  /** Back to everything: of one chart, or of all. */
  unzoom(chart = null) {
    const some = chart ? [chart.name] : [...this.settings.own.keys()];
    for (const name of some) this.settings.setOwn(name, { zoom: "", range: "" });
    this.settings.set({ zoom: null });
    this.redraw();
  }

  hide(name, hidden) {
    if (hidden) this.hidden.add(name);
    else this.hidden.delete(name);
    this.legend.mark();
    this.redraw();
  }

  /** What `/ws/runs/<run>/` said: points, behind, keys. */
  feed(run, message) {
    if (message.type === "points") {
      const shown = this.byRun.get(run);
      if (!shown || message.attempt !== shown.attempt) return;
      for (const [name, columns] of Object.entries(message.series)) {
        const [key, writer] = parted(name);
        for (const chart of this.shelf.of(key)) chart.feed(run, writer, columns, key);
      }
    }
    if (message.type === "behind") for (const chart of new Set(message.keys.flatMap((key) => this.shelf.of(key)))) chart.load();
    if (message.type === "keys") this.reloadSoon();
  }

  /** At once, but for all who tell of new metrics within two seconds together. */
  reloadSoon() {
    if (this.reloading) return;
    const wait = Math.max(0, (this.reloadedAt ?? 0) + RELOAD_EVERY - Date.now());
    this.reloading = setTimeout(() => {
      this.reloading = undefined;
      this.reloadedAt = Date.now();
      this.reload();
    }, wait);
  }

  /** How many points of each series of a run this board has of those on the screen, for the server to go on from. */
  cursors(run) {
    const counts = byName({});
    let size = 0;
    for (const chart of this.charts) {
      if (!chart.visible) continue;
      for (const [name, count] of chart.cursors(run)) {
        if (!(name in counts) && (size += 1) > MOST_WATCHED) return counts;
        counts[name] = Math.min(count, counts[name] ?? Infinity); // two charts may show one series, and one of them less of it
      }
    }
    return counts;
  }

  /** Ask anew for what is on the screen: a socket is down, or an attempt began. */
  poll() {
    for (const chart of this.charts) if (chart.visible) chart.load();
  }

  changed() {
    this.onShown();
  }

  destroy() {
    clearInterval(this.timer);
    for (const timer of [this.again, this.reloading, this.fitting]) clearTimeout(timer);
    this.unheard();
    this.resized.disconnect();
    for (const event of RESTYLED) document.removeEventListener(event, this.restyle);
    this.shelf.destroy();
    this.menu.destroy();
    this.asking.destroy();
    this.sizing.destroy();
    this.tools.destroy();
    this.hover.destroy();
  }
}

