/** Modules that are fetched when they are needed. */

/**
 * Imports a module with `importModule`. A new release removes the modules of this one. If the import fails
 * although the server responds, the page therefore reloads to switch to the new release. It does so only once
 * per release, because a second failure has another cause.
 */
export async function loadModule(importModule) {
  try {
    return await importModule();
  } catch (problem) {
    const release = import.meta.url;
    if (sessionStorage.left === release || !(await isServerUp())) throw problem;
    sessionStorage.left = release;
    location.reload();
    return new Promise(() => {});
  }
}

const isServerUp = () =>
  fetch(location.href, { method: "HEAD", cache: "no-store" }).then(
    ({ ok }) => ok,
    () => false,
  );
