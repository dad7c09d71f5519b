/** The API documentation works without scripts. These add the filter, buttons to copy, and open what is linked. */
const WIDE = "(min-width: 60rem)";
const COPIED_MS = 2000;
const contents = document.querySelector("#contents");
const filter = document.querySelector("input");

/** Opens the operation or schema that the address names, and everything around it. */
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let element = target.closest("details"); element; element = element.parentElement.closest("details")) {
    element.open = true;
  }
  target.scrollIntoView();
}

/** Adds a button to copy to each block of code that is visible and has none. */
function addCopyButtons() {
  for (const block of document.querySelectorAll("pre")) {
    const isHidden = block.closest("details:not([open])");
    if (isHidden || block.previousElementSibling?.matches(".copy")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(block.textContent);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), COPIED_MS);
    });
    block.before(button);
  }
}

/** Shows only those entries of the contents that have all words of the filter. */
function filterContents(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const link of contents.querySelectorAll("a")) {
    const entry = `${link.textContent} ${link.dataset.find ?? ""}`.toLowerCase();
    const matches = words.every((word) => entry.includes(word));
    link.parentElement.hidden = !matches;
    found += matches ? 1 : 0;
  }
  for (const group of contents.querySelectorAll("details")) {
    group.hidden = !group.querySelector("li:not([hidden])");
    group.open = words.length ? !group.hidden : isOpenAtFirst(group);
  }
  document.querySelector("#found").textContent = words.length ? `${found} found` : "";
}

/** Returns whether a group of the contents is open without a filter: where there is room, the first levels. */
function isOpenAtFirst(group) {
  const isShort = group.parentElement === contents && group.querySelectorAll(":scope > ul > li").length < 20;
  return isShort && matchMedia(WIDE).matches;
}

document.querySelector("#find").hidden = false;
filter.addEventListener("input", () => filterContents(filter.value));
filterContents("");
if (navigator.clipboard) {
  addCopyButtons();
  document.addEventListener("toggle", addCopyButtons, true); // something was opened
}
addEventListener("hashchange", openTarget);
openTarget();
