/** Reads from the API for one rendering of a screen, and falls back to the last known responses. */
import { call, NoSignal } from "../shared/api.js";

const API = "/api/v1";
const CACHE_SIZE = 60;
/** The last response to each path, for when the server does not respond. */
const cache = new Map();

/**
 * Returns the functions with which a screen reads the API: `read(path)` resolves to the JSON of a response,
 * and `readAll(path)` to all items of a list. `status` has the time of the oldest response (`at`) and whether
 * any response comes from the cache (`isStale`). Once the screen has displayed the status (`isShown`), the
 * cache is no longer used, because nothing would mark its figures as old.
 */
export function apiReader() {
  const status = { at: null, isStale: false, isShown: false };

  async function read(path) {
    const response = await fetchResponse(path).catch((problem) => {
      if (status.isShown || !cache.has(path) || !isTemporary(problem)) throw problem;
      status.isStale = true;
      return cache.get(path);
    });
    if (!status.at || response.at < status.at) status.at = response.at;
    return response.body;
  }

  async function readAll(path) {
    const items = [];
    for (let next = path; next;) {
      const page = await read(next);
      items.push(...page.items);
      next = page.next && pathOf(page.next);
    }
    return items;
  }

  return { read, readAll, status };
}

async function fetchResponse(path) {
  const response = { body: (await call("GET", path)).body, at: new Date() };
  // Deleting first moves the path to the end, so that the least recently read path is removed.
  cache.delete(path);
  cache.set(path, response);
  if (cache.size > CACHE_SIZE) cache.delete(cache.keys().next().value);
  return response;
}

/** Returns whether the same request may succeed soon, so that the last figures are worth showing. */
const isTemporary = (problem) =>
  problem instanceof NoSignal || problem.status >= 500 || problem.status === 429;

function pathOf(url) {
  const { pathname, search } = new URL(url);
  return pathname.slice(API.length) + search;
}
