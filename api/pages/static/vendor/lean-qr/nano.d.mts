// The part of this module that the pages use.
export const correction: { M: number };
export function generate(
  data: string,
  options?: { minCorrectionLevel?: number },
): { size: number; get(x: number, y: number): boolean };
