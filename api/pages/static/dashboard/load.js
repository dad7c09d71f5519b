/** Modules that are fetched only when they are wanted. */

/**
 * Returns a module, by its path from here. After a new release, those of this one are no more: where the
 * server answers, the page begins again with the new one's, once, for what fails then has another reason.
 */
export async function load(path) {
  try {
    return await import(`./${path}`);
  } catch (problem) {
    const release = import.meta.url;
    if (sessionStorage.left === release || !(await answers())) throw problem;
    sessionStorage.left = release;
    location.reload();
    return new Promise(() => {});
  }
}

const answers = () =>
  fetch(location.href, { method: "HEAD", cache: "no-store" }).then(
    ({ ok }) => ok,
    () => false,
  );
