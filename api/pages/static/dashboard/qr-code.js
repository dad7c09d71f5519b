import { svg } from "../staff/svg.js";

/** How many squares of white the standard asks for around a code. */
const MARGIN = 4;

/** Returns a text as a QR code. It is black on white in dark mode too, because some apps read no other. */
export async function qrCode(text, label) {
  const { correction, generate } = await import("../vendor/lean-qr/nano.mjs");
  const { size, get } = generate(text, { minCorrectionLevel: correction.M });
  const squares = Array.from({ length: size * size }, (_, index) => [index % size, Math.floor(index / size)]);
  const path = squares.filter(([x, y]) => get(x, y)).map(([x, y]) => `M${x} ${y}h1v1h-1z`);
  const side = size + 2 * MARGIN;
  return svg(
    "svg",
    {
      class: "qr-code",
      role: "img",
      "aria-label": label,
      viewBox: `${-MARGIN} ${-MARGIN} ${side} ${side}`,
      "shape-rendering": "crispEdges",
    },
    svg("rect", { x: -MARGIN, y: -MARGIN, width: side, height: side, fill: "#fff" }),
    svg("path", { d: path.join(""), fill: "#000" }),
  );
}
