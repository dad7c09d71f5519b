/**
 * Photos on the phone. Each has a row in `photos`, and its bytes in `files`. The bytes are ArrayBuffers,
 * because WebKit loses Blobs in IndexedDB at a restart, and rejects them in its private mode.
 */
import { get } from "./database.js";

/** Returns the key of a photo's row. */
export const keyOf = ({ account, visit, id }) => [account, visit, id];

/** Returns the bytes of a photo as a Blob, or null if they are not on the phone. */
export async function fileOf(photo) {
  const file = (await get("files", ...keyOf(photo))) ?? (await fileOfOldRow(photo));
  return file ? new Blob([file.bytes], { type: file.type }) : null;
}

/** Returns the bytes from a row of database version 1, which held a Blob, or null if WebKit has lost it. */
async function fileOfOldRow({ blob }) {
  const bytes = await blob?.arrayBuffer().catch(() => null);
  return bytes ? { bytes, type: blob.type } : null;
}

/** Returns the row of `files` for a photo. */
export const fileRow = ({ account, visit, id }, bytes, type) => ({ account, visit, id, bytes, type });
