import { loadModule } from "../staff/load.js";

/** Imports a module by its path from this folder. */
export const load = (path) => loadModule(() => import(`./${path}`));
