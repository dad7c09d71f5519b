// Declarations that the pages need and the DOM library of TypeScript lacks.

// The selectors of these pages match HTML elements, never SVG elements.
interface ParentNode {
  querySelector<Name extends keyof HTMLElementTagNameMap>(selectors: Name): HTMLElementTagNameMap[Name] | null;
  querySelector(selectors: string): HTMLElement | null;
  querySelectorAll<Name extends keyof HTMLElementTagNameMap>(
    selectors: Name,
  ): NodeListOf<HTMLElementTagNameMap[Name]>;
  querySelectorAll<Found extends HTMLElement = HTMLElement>(selectors: string): NodeListOf<Found>;
}

interface Navigator {
  /** Only in Safari: whether the page was opened from the home screen. */
  readonly standalone?: boolean;
}

interface ServiceWorkerRegistration {
  /** Only in Chromium. */
  readonly sync?: { register(tag: string): Promise<void> };
}
