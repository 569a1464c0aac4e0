// The question before something that is not easily undone.

let asker = null; // the element that wants to do it, while the question is open

/** Whether the question that is open comes from within this part, which must then stay: a "Yes" acts through its element. */
export const asks = (part) => asker !== null && part.contains(asker);

/**
 * Ask; resolves to whether it may be done. The focus goes back to where it was. `by`: the element that asks.
 * `deed` is what the button says that does it; without one it is what `by` has as data-deed.
 */
export function confirmed(question, { by = null, deed = by?.dataset.deed } = {}) {
  const dialog = document.querySelector("#confirm");
  dialog.querySelector("#confirm-text").textContent = question;
  dialog.querySelector("[value=yes]").textContent = deed || "Yes, do it";
  dialog.returnValue = "no";
  dialog.showModal();
  asker = by;
  return new Promise((answer) => {
    const closed = () => {
      asker = null;
      answer(dialog.returnValue === "yes");
      document.dispatchEvent(new Event("whirr:answered"));
    };
    dialog.addEventListener("close", closed, { once: true });
  });
}
