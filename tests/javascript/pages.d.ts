// What the pages use and the DOM library of TypeScript does not declare.

// Selectors of these pages find HTML elements; drawings in SVG are never looked up.
interface ParentNode {
  querySelector<Name extends keyof HTMLElementTagNameMap>(selectors: Name): HTMLElementTagNameMap[Name] | null;
  querySelector(selectors: string): HTMLElement | null;
  querySelectorAll<Name extends keyof HTMLElementTagNameMap>(
    selectors: Name,
  ): NodeListOf<HTMLElementTagNameMap[Name]>;
  querySelectorAll<Found extends HTMLElement = HTMLElement>(selectors: string): NodeListOf<Found>;
}

interface Navigator {
  /** Safari alone: whether the page was opened from the home screen. */
  readonly standalone?: boolean;
}

interface ServiceWorkerRegistration {
  /** Chromium alone. */
  readonly sync?: { register(tag: string): Promise<void> };
}
