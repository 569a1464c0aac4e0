// The link `whirr dashboard` prints carries the secret behind the #, which browsers never send: here it becomes a form.
const secret = decodeURIComponent(location.hash.slice(1));
const form = document.querySelector("[data-enter] form");

if (secret && form) {
  history.replaceState(null, "", location.pathname + location.search);
  form.elements.secret.value = secret;
  form.submit();
}
document.querySelector("[data-copy]")?.addEventListener("click", (event) => {
  navigator.clipboard?.writeText(event.currentTarget.closest(".copyable").querySelector("code").textContent);
});
