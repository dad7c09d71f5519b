// The server puts RELEASE and FILES above: all files of a release are on the phone, or none of them.
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

// A page asks for this only when no draft is open in any tab; otherwise the release waits.
self.addEventListener("message", ({ data }) => data === "take-over" && self.skipWaiting());

// Chromium reports when the signal is back, also to a page that sleeps; sending never relies on it.
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
