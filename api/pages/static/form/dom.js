/**
 * Makes an element: h("p", {class: "quiet", onclick: listener}, "text", child, …).
 * Text stays text: nothing is ever read as HTML. False, null and undefined are left out.
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value == null) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter((child) => child != null && child !== false));
  return element;
}

/** Shows or hides an element. */
export function show(element, shown) {
  element.hidden = !shown;
}

/** Puts a screen in place of the one before, with its title for the tab and the reader of the screen. */
export function put(title, ...children) {
  document.title = title;
  const screen = document.getElementById("screen");
  screen.replaceChildren(...children.flat().filter(Boolean));
  return screen;
}

/** Gives a file to keep. */
export function download(name, blob) {
  const address = URL.createObjectURL(blob);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
