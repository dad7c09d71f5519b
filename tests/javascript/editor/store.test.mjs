import assert from "node:assert/strict";
import test, { mock } from "node:test";
import { addQuestion, setFields } from "../editor/document.js";
import { DraftStore } from "../editor/store.js";
import { CHECKLIST, outlineOf } from "./fixtures.mjs";

const question = (key) => ({ kind: "question", key });
const write = (document, text, key = "wait") => setFields(document, question(key), { text });
const textOf = (document, key = "wait") =>
  document.sections.flatMap(({ questions }) => questions).find((other) => other.key === key).text;
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A server with one draft, which can be offline, or lose its responses. */
class FakeServer {
  version = 1;
  document = CHECKLIST;
  errors = [];
  writes = 0;
  problem = null; // what each call fails with
  losesResponse = false;

  async read() {
    if (this.problem) throw this.problem;
    return { document: structuredClone(this.document), etag: `${this.version}` };
  }

  async write(document, etag) {
    if (this.problem) throw this.problem;
    if (etag !== `${this.version}`) throw { status: 412 };
    this.writes += 1;
    this.store(structuredClone(document));
    if (this.losesResponse) throw new Error("no response");
    return `${this.version}`;
  }

  /** Someone else changes the draft. */
  store(document) {
    this.document = document;
    this.version += 1;
  }

  async check() {
    return this.errors;
  }
}

class FakeStorage {
  row = null;

  constructor(rows = []) {
    this.rows = rows;
  }

  async save(row) {
    this.row = structuredClone(row);
  }

  async clear() {
    this.row = null;
  }
}

async function open({ server = new FakeServer(), rows = [] } = {}) {
  const storage = new FakeStorage(rows);
  const events = { states: [], merges: 0, errors: [], renamed: null };
  const store = new DraftStore(server, storage, {
    onstate: (state) => events.states.push(state),
    onmerge: (renamed) => Object.assign(events, { merges: events.merges + 1, renamed }),
    onerrors: (errors) => (events.errors = errors),
  });
  await store.open();
  await settle();
  return { server, storage, store, events };
}

/** Lets time pass, with everything that happens then. */
async function pass(milliseconds) {
  for (let step = 0; step < milliseconds; step += 500) {
    mock.timers.tick(500);
    await settle();
  }
}

test.beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
test.afterEach(() => mock.timers.reset());

test("a change is in this browser at once, and on the server a second after the last one", async () => {
  const { server, storage, store, events } = await open();
  assert.equal(store.state, "saved");
  store.change(write(store.document, "A"));
  await settle();
  assert.equal(textOf(storage.row.document), "A");
  assert.equal(store.state, "saving");
  await pass(500);
  store.change(write(store.document, "B"));
  await pass(500);
  assert.equal(server.writes, 0);
  await pass(500);
  assert.equal(server.writes, 1);
  assert.equal(textOf(server.document), "B");
  assert.equal(storage.row, null);
  assert.equal(events.states.at(-1), "saved");
});

test("the errors of what was saved are reported by question", async () => {
  const { server, store, events } = await open();
  server.errors = [{ pointer: "/sections/0/questions/1/text", detail: "A text is required." }];
  store.change(write(store.document, null));
  await store.save();
  await settle();
  assert.deepEqual(events.errors, [
    { target: question("wait"), rest: "/text", detail: "A text is required." },
  ]);
});

test("without a connection, changes stay in this browser and are sent later", async () => {
  const { server, storage, store, events } = await open();
  server.problem = new Error("no signal");
  store.change(write(store.document, "A"));
  await pass(1000);
  assert.equal(store.state, "offline");
  store.change(write(store.document, "B"));
  await settle();
  assert.equal(textOf(storage.row.document), "B");
  server.problem = null;
  await pass(5000);
  assert.equal(store.state, "saved");
  assert.equal(textOf(server.document), "B");
  assert.equal(server.writes, 1);
  assert.ok(!events.states.slice(events.states.indexOf("offline"), -1).includes("saving"));
});

test("a rejected draft is not sent again until it changes", async () => {
  const { server, store } = await open();
  server.problem = { status: 422 };
  store.change(write(store.document, "A"));
  await pass(1000);
  server.problem = null;
  await pass(60_000);
  assert.equal(server.writes, 0);
  store.change(write(store.document, "B"));
  await pass(2000);
  assert.equal(textOf(server.document), "B");
});

test("what others have changed is merged", async () => {
  const { server, store, events } = await open();
  server.store(write(CHECKLIST, "Theirs", "greeting"));
  store.change(write(store.document, "Mine"));
  await pass(1000);
  assert.equal(store.state, "saved");
  assert.equal(events.merges, 1);
  assert.equal(textOf(server.document), "Mine");
  assert.equal(textOf(server.document, "greeting"), "Theirs");
  assert.deepEqual(store.document, server.document);
});

test("a conflict stops saving until someone has chosen", async () => {
  const { server, storage, store } = await open();
  server.store(write(CHECKLIST, "Theirs"));
  store.change(write(store.document, "Mine"));
  await pass(1000);
  assert.equal(store.state, "conflict");
  store.change(write(store.document, "Also mine", "greeting"));
  await pass(5000);
  assert.equal(store.state, "conflict");
  assert.equal(server.writes, 0);
  assert.equal(storage.row.conflicts.length, 1);
  await store.decide(store.conflicts[0], "theirs");
  assert.equal(store.state, "saved");
  assert.equal(textOf(server.document), "Theirs");
  assert.equal(textOf(server.document, "greeting"), "Also mine");
});

test("our value of a conflict may be changed before it is chosen", async () => {
  const { server, store } = await open();
  server.store(write(CHECKLIST, "Theirs"));
  store.change(write(store.document, "Mine"));
  await pass(1000);
  store.change(write(store.document, "Mine, better"));
  await store.decide(store.conflicts[0], "ours");
  assert.equal(textOf(server.document), "Mine, better");
});

test("a lost response is no change of someone else", async () => {
  const { server, store, events } = await open();
  const [document] = addQuestion(store.document, "welcome", 0, { text: "New" });
  server.losesResponse = true;
  store.change(document);
  await pass(1000);
  assert.equal(store.state, "offline");
  server.losesResponse = false;
  store.change(write(store.document, "New, better", "new"));
  await pass(2000);
  assert.equal(store.state, "saved");
  assert.deepEqual(store.conflicts, []);
  assert.equal(events.renamed.size, 0);
  assert.deepEqual(outlineOf(server.document)[0][1], ["new", "greeting", "wait", "till"]);
  assert.equal(textOf(server.document, "new"), "New, better");
});

test("what a closed tab has not saved is saved when the draft is opened again", async () => {
  const row = { base: CHECKLIST, sent: null, document: write(CHECKLIST, "Mine"), conflicts: [] };
  const server = new FakeServer();
  server.store(write(CHECKLIST, "Theirs", "greeting"));
  const { store } = await open({ server, rows: [row] });
  assert.equal(textOf(store.document), "Mine");
  await pass(500);
  assert.equal(textOf(server.document), "Mine");
  assert.equal(textOf(server.document, "greeting"), "Theirs");
});

test("a tab that was closed while it waited for a response does not repeat its changes", async () => {
  const [sent] = addQuestion(CHECKLIST, "welcome", 0, { text: "New" });
  const row = { base: CHECKLIST, sent, document: write(sent, "New, better", "new"), conflicts: [] };
  const server = new FakeServer();
  server.store(sent);
  const { store } = await open({ server, rows: [row] });
  assert.deepEqual(outlineOf(store.document)[0][1], ["new", "greeting", "wait", "till"]);
  assert.equal(textOf(store.document, "new"), "New, better");
  assert.equal(store.conflicts.length, 0);
});

test("a conflict of a closed tab is still to decide", async () => {
  const conflict = { kind: "question", key: "wait", field: ["text"], ours: "Mine", theirs: "Theirs" };
  const theirs = write(CHECKLIST, "Theirs");
  const row = { base: theirs, sent: null, document: write(CHECKLIST, "Mine"), conflicts: [conflict] };
  const server = new FakeServer();
  server.store(theirs);
  const { store } = await open({ server, rows: [row] });
  assert.equal(store.state, "conflict");
  await store.decide(store.conflicts[0], "theirs");
  assert.equal(store.state, "saved");
  assert.deepEqual(server.document, theirs);
});

test("a tab fetches what others have saved", async () => {
  const { server, store, events } = await open();
  await store.refresh();
  assert.equal(events.merges, 0);
  server.store(write(CHECKLIST, "Theirs"));
  await store.refresh();
  assert.equal(events.merges, 1);
  assert.equal(textOf(store.document), "Theirs");
  assert.equal(store.state, "saved");
  assert.equal(server.writes, 0);
});

test("saving includes what was changed during a request", async () => {
  const { server, store } = await open();
  store.change(write(store.document, "A"));
  const saving = store.save();
  store.change(write(store.document, "B"));
  assert.equal(await saving, true);
  assert.equal(textOf(server.document), "B");
});

test("leaving saves at once", async () => {
  const { server, store } = await open();
  store.change(write(store.document, "A"));
  await store.leave();
  assert.equal(textOf(server.document), "A");
});
