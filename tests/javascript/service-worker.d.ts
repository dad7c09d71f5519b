// `self` of the service worker. TypeScript's library declares it as any worker's.

interface WorkerGlobalScope {
  readonly clients: Clients;
  skipWaiting(): Promise<void>;
}

interface WorkerGlobalScopeEventMap {
  activate: ExtendableEvent;
  fetch: FetchEvent;
  install: ExtendableEvent;
  message: ExtendableMessageEvent;
  sync: ExtendableEvent;
}

/** The server writes these two above the file's own text. */
declare const RELEASE: string;
declare const FILES: string[];
