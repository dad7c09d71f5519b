/** Colours and their contrast. The API checks the same. */

/** The contrast between text and its background that WCAG 2.2 requires (1.4.3, level AA). */
export const MIN_CONTRAST = 4.5;

/**
 * Returns the contrast ratio between a colour `#rrggbb` and white, from 1 to 21, or null if it is no colour.
 * Source: WCAG 2.2, "contrast ratio" and "relative luminance".
 */
export function measureContrast(color) {
  if (!/^#[0-9a-f]{6}$/.test(color)) return null;
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const channel = parseInt(color.slice(start, start + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05);
}
