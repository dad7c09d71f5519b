/** What can be imported: the columns of the API, and the names that files have for them. */
import { t } from "../shared/page.js";

const YES = ["true", "yes", "y", "1", "x", "sí", "si", "s", "verdadero", "closed", "cerrado", "cerrada"];
const NO = ["false", "no", "n", "0", "falso", "open", "abierto", "abierta"];
const ROLES = {
  admin: ["administrator", "administrador", "administradora"],
  manager: ["gerente", "responsable", "encargado", "encargada", "gestor", "gestora"],
  reviewer: ["revisor", "revisora"],
  shopper: ["mystery shopper", "cliente misterioso", "comprador", "compradora", "evaluador", "evaluadora"],
};

/** Returns a cell as the API expects it: `true` or `false`. Other words stay, so that they are reported. */
function yesOrNo(cell) {
  const word = cell.toLowerCase();
  return YES.includes(word) ? "true" : NO.includes(word) ? "false" : cell;
}

function roleOf(cell) {
  const word = cell.toLowerCase();
  return Object.keys(ROLES).find((role) => role === word || ROLES[role].includes(word)) ?? cell;
}

/** Codes of places may be separated by commas or semicolons in a file. */
const codesOf = (cell) => cell.split(/[\s,;|]+/).join(" ");

const CLOSED = { name: "closed", words: ["cerrado", "cerrada"], convert: yesOrNo };
const EXTERNAL_ID = {
  name: "external_id",
  words: ["external id", "id externo", "identificador", "referencia", "reference", "ref", "erp"],
};
const CODE = {
  name: "code",
  isRequired: true,
  words: ["código", "cod", "clave", "store code", "store", "number", "número"],
};
const NAME = {
  name: "name",
  isRequired: true,
  words: ["nombre", "store name", "tienda", "local", "denominación"],
};

/**
 * For each kind: the API path of its list, the page that shows the result, the column that identifies a row, and
 * its columns. A column has further `words` that headers use for it, and `convert` turns a cell into what the
 * API expects.
 */
export const KINDS = {
  locations: {
    path: "/locations",
    page: "/dashboard/admin/places",
    key: "code",
    columns: [
      CODE,
      NAME,
      {
        name: "region_code",
        isRequired: true,
        words: ["region", "región", "zona", "area", "área", "código de región", "codigo region", "district"],
      },
      {
        name: "time_zone",
        isRequired: true,
        words: ["time zone", "timezone", "tz", "zona horaria", "huso horario"],
        fixed: () => Intl.DateTimeFormat().resolvedOptions().timeZone,
      },
      { name: "address", words: ["dirección", "domicilio", "calle", "street"] },
      { name: "phone", words: ["teléfono", "tel", "telephone", "phone number"] },
      { name: "latitude", words: ["lat", "latitud"] },
      { name: "longitude", words: ["lon", "lng", "long", "longitud"] },
      EXTERNAL_ID,
      CLOSED,
    ],
  },
  regions: {
    path: "/regions",
    page: "/dashboard/admin/places",
    key: "code",
    columns: [
      CODE,
      { ...NAME, words: ["nombre", "region", "región"] },
      {
        name: "parent_code",
        words: [
          "parent",
          "parent region",
          "part of",
          "superior",
          "región superior",
          "padre",
          "código superior",
          "depende de",
        ],
      },
      EXTERNAL_ID,
      CLOSED,
    ],
  },
  users: {
    path: "/users",
    page: "/dashboard/admin/people",
    key: "email",
    columns: [
      {
        name: "email",
        isRequired: true,
        words: ["e-mail", "mail", "email address", "correo", "correo electrónico"],
      },
      {
        name: "name",
        isRequired: true,
        words: ["nombre", "full name", "nombre completo", "person", "persona"],
      },
      {
        name: "role",
        isRequired: true,
        words: ["rol", "función", "perfil", "puesto"],
        convert: roleOf,
        fixed: () => "shopper",
      },
      {
        name: "region_codes",
        words: ["regions", "region", "regiones", "región", "region codes"],
        convert: codesOf,
      },
      {
        name: "location_codes",
        words: ["locations", "stores", "locales", "tiendas", "location codes"],
        convert: codesOf,
      },
      { name: "language", words: ["idioma", "lengua", "lang"] },
    ],
  },
};

/** Returns a name without case, accents and punctuation: "Código_de región" → "codigo de region". */
const simplify = (name) =>
  name
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();

/**
 * Returns, for each column, the index of the file's column that its header names, or null. The API's own names
 * take precedence. Each column of the file is used once.
 */
export function matchColumns(columns, header) {
  const names = header.map(simplify);
  const matches = columns.map(({ name }) => indexOrNull(names.indexOf(simplify(name))));
  columns.forEach(({ words }, index) => {
    if (matches[index] !== null) return;
    const found = names.findIndex(
      (name, position) => !matches.includes(position) && words.some((word) => simplify(word) === name),
    );
    matches[index] = indexOrNull(found);
  });
  return matches;
}

const indexOrNull = (index) => (index < 0 ? null : index);

/** What the API reports about a cell, by its words in English, with the key of the page's own words. */
const REASONS = {
  "This must not be empty.": "reason-empty",
  "There is no region with this code.": "reason-region",
  "This code already exists.": "reason-exists",
  "This email already exists.": "reason-exists",
  "This code is already in use.": "reason-exists",
  "A new row needs this column.": "reason-column",
  "A position needs both a latitude and a longitude.": "reason-position",
  "A region cannot be part of itself.": "reason-cycle",
  "This must be a time zone such as Europe/Madrid.": "reason-zone",
  "This must be a number.": "reason-number",
  "This must be true or false.": "reason-boolean",
  "This must be an email address.": "reason-email",
  "Places can be assigned only to managers.": "reason-managers",
  "The organization needs an active administrator.": "reason-admin",
};

/** Returns what is wrong in the language of the page, with `lang` if the page has no words for it. */
export function reasonOf(detail) {
  const [, line] = /^Line (\d+) has the same value\.$/.exec(detail) ?? [];
  if (line) return { text: t("reason-same", { line }) };
  return detail in REASONS ? { text: t(REASONS[detail]) } : { text: detail, lang: "en" };
}
