// The server inserts RELEASE and FILES above this line. The files of a release are stored atomically.
const CACHE = `form-${RELEASE}`;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(activate());
});

async function activate() {
  for (const name of await caches.keys()) if (name !== CACHE) await caches.delete(name);
  await self.clients.claim();
}

// A page sends this message only if no tab has a draft open. Until then the release waits.
self.addEventListener("message", ({ data }) => data === "take-over" && self.skipWaiting());

// Chromium reports that the signal is back, even if the page is suspended. Sending does not depend on it.
self.addEventListener("sync", (event) => event.waitUntil(wakePages()));

async function wakePages() {
  for (const page of await self.clients.matchAll()) page.postMessage("send");
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  const isPage = request.mode === "navigate" && (pathname === "/" || pathname.startsWith("/visits/"));
  if (isPage) event.respondWith(fromCache("/", request));
  else if (FILES.includes(pathname)) event.respondWith(fromCache(pathname, request));
});

async function fromCache(pathname, request) {
  const response = await caches.match(pathname, { cacheName: CACHE, ignoreVary: true });
  return response ?? fetch(request);
}
