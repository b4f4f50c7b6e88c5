/* Colours */

async function chooseTheme(button) {
  const form = button.form;
  const fields = new FormData(form, button);
  // A redirect that is not followed says that the choice was kept.
  const response = await fetch(form.action, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
  if (response.type !== "opaqueredirect") return form.submit();
  if (button.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = button.value;
  document.querySelector("meta[name=color-scheme]").content = button.value === "system" ? "light dark" : button.value;
  for (const other of form.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
}
