// Panels that hang below the button that opens them: native popovers, put where they fit on the screen.
const EDGE = 8;

/** `panel` has the attribute popover; `onOpen` may fill it before it is seen. */
export function hang(panel, button, { onOpen = () => {} } = {}) {
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    panel.matches(":popover-open") ? panel.hidePopover() : open(panel, button, onOpen);
  });
  button.ariaExpanded = "false";
  panel.addEventListener("toggle", (event) => {
    if (panel.by === button || !panel.by) button.ariaExpanded = String(event.newState === "open");
    if (event.newState === "closed" && panel.contains(document.activeElement)) button.focus();
  });
}

export function open(panel, button, onOpen = () => {}) {
  panel.by = button;
  onOpen();
  panel.showPopover();
  place(panel, button);
  panel.querySelector("[data-first]")?.focus();
}

export function close(panel) {
  if (!panel.matches(":popover-open")) return;
  const { by } = panel;
  panel.hidePopover();
  by?.focus();
}

/** Once more where what fills a panel comes later. */
export function place(panel, button) {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = panel;
  const left = Math.max(EDGE, Math.min(at.left, innerWidth - width - EDGE));
  const below = at.bottom + 4;
  const top = below + height + EDGE <= innerHeight ? below : Math.max(EDGE, Math.min(below, innerHeight - height - EDGE));
  panel.style.setProperty("left", `${left}px`);
  panel.style.setProperty("top", `${top}px`);
}

/** Up and down walk through the buttons and links of a menu. */
export function walk(panel) {
  panel.addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by || event.target.matches("input:not([type=checkbox]), select")) return;
    const all = [...panel.querySelectorAll("button, a[href], input")].filter((each) => each.offsetParent && !each.disabled);
    const next = all[(all.indexOf(document.activeElement) + by + all.length) % all.length];
    event.preventDefault();
    next?.focus();
  });
}
