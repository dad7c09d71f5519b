/**
 * Opens a box next to a button. Escape or a click elsewhere closes it. As the next sibling of its button, it comes
 * next for screen readers and the Tab key.
 */
export function openBeside(button, box) {
  button.after(box);
  box.popover = "auto";
  box.addEventListener("toggle", ({ newState }) => newState === "closed" && box.remove());
  box.showPopover();
  place(box, button.getBoundingClientRect());
  box.focus({ preventScroll: true });
}

function place(box, anchor) {
  const left = Math.max(8, Math.min(anchor.left, innerWidth - box.offsetWidth - 8));
  const below = anchor.bottom + 6;
  const top = below + box.offsetHeight < innerHeight ? below : Math.max(8, anchor.top - box.offsetHeight - 6);
  Object.assign(box.style, { left: `${left + scrollX}px`, top: `${top + scrollY}px` });
}
