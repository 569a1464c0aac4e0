// The question before something that is not easily undone.

/** Ask; resolves to whether it may be done. The focus goes back to where it was. */
export function confirmed(question) {
  const dialog = document.querySelector("#confirm");
  dialog.querySelector("#confirm-text").textContent = question;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true });
  });
}
