import { h } from "../shared/page.js";

/**
 * Returns a box that scrolls sideways if its content is wider. Its edges then show where there is more, and the
 * keyboard reaches it.
 */
export function scrollBox(label, content) {
  const box = h("div", { class: "scroll", role: "region", "aria-label": label }, content);
  const frame = h("div", { class: "scroll-frame" }, box);
  const update = () => {
    const hidden = box.scrollWidth - box.clientWidth;
    const passed = Math.abs(box.scrollLeft);
    frame.classList.toggle("more-before", passed > 1);
    frame.classList.toggle("more-after", hidden - passed > 1);
    if (hidden > 1) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  box.addEventListener("scroll", update, { passive: true });
  const observer = new ResizeObserver(update);
  observer.observe(box);
  observer.observe(content);
  return frame;
}
