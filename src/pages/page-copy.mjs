// Buttons that copy the text of the element they name; without a script they are not shown.

for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!(button instanceof HTMLButtonElement)) continue;
  button.hidden = false;
  button.addEventListener("click", () => void copy(button));
}

/** @param {HTMLButtonElement} button */
async function copy(button) {
  const source = document.querySelector(`#${button.dataset.copy}`);
  if (source === null) return;
  const label = button.dataset.label ?? button.textContent;
  button.dataset.label = label;
  try {
    await navigator.clipboard.writeText(source.textContent);
    button.textContent = "Copied";
  } catch {
    // No clipboard without https: what is marked can be copied by hand.
    getSelection()?.selectAllChildren(source);
    button.textContent = "Marked";
  }
  setTimeout(() => (button.textContent = label), 2_000);
}
