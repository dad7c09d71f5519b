/** Dialogs in which a resource of the API is edited. */
import { t } from "../shared/page.js";
import { openDialog } from "./dialog.js";
import { editForm } from "./form.js";
import { ANY_STATE, callSignedIn } from "./session.js";
import { offerUndo } from "./undo.js";

/**
 * Opens a dialog with a form as of `editForm`. Once it is saved, calls `refresh` and offers to undo the change, with
 * the text that `describe` returns for the new body.
 * @param {{
 *   heading: string, path: string, fields: (values: any) => import("./form.js").Field[],
 *   describe: (body: any) => string, refresh: () => any, read?: (body: any) => any, write?: (values: any) => any,
 * }} options
 */
export async function openEditDialog({
  heading,
  path,
  fields,
  describe,
  refresh,
  read = (body) => body,
  write = (values) => values,
}) {
  const dialog = openDialog(heading);
  dialog.append(
    await editForm({
      path,
      fields,
      submit: t("save"),
      read,
      write,
      cancel: () => dialog.close(),
      done: async (body, before) => {
        dialog.close();
        if (!Object.keys(before).length) return;
        offerUndo(describe(body), () => callSignedIn("PATCH", path, write(before), ANY_STATE));
        await refresh();
      },
    }),
  );
}
