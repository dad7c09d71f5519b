/** Drawings in SVG. */
import { fill } from "../shared/page.js";

const NS = "http://www.w3.org/2000/svg";

/** Creates an SVG element, as `h` creates an HTML element. */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(NS, name);
  for (const key in attributes) if (attributes[key] != null) element.setAttribute(key, attributes[key]);
  return fill(element, children);
}
