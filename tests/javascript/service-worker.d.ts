// The type of `self` in the service worker. TypeScript's library declares it as that of any worker.

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

/** The server inserts these constants above the source. */
declare const RELEASE: string;
declare const FILES: string[];
