/** The name of the organization, or its logo once that has arrived. */
import { h } from "./page.js";

/** Address of a logo → a promise of the address of its picture in memory, or null. */
const pictures = new Map();

/**
 * Returns an element with the name of an organization, which its logo replaces. Without a signal, the name
 * stays.
 * @param {{ name: string, logo?: string | null }} organization
 */
export function organizationName({ name, logo }, attributes) {
  const element = h("span", { dir: "auto", ...attributes }, name);
  if (logo)
    pictureOf(logo).then(
      (src) => src && element.replaceChildren(h("img", { class: "logo", src, alt: name })),
    );
  return element;
}

/** Forgets the logo, because it has changed. */
export const forgetLogo = () => pictures.clear();

function pictureOf(logo) {
  if (!pictures.has(logo)) pictures.set(logo, fetchPicture(logo));
  return pictures.get(logo);
}

async function fetchPicture(logo) {
  try {
    const response = await fetch(logo);
    return response.ok ? URL.createObjectURL(await response.blob()) : null;
  } catch {
    return null;
  }
}
