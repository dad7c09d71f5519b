// A program that uses the types generated from the OpenAPI document. It is compiled, and never run.

import type { components, operations } from "./api";

type Schemas = components["schemas"];

// `view` tells the shapes of a visit apart.
export function describeVisit(visit: Schemas["Visit"]): string {
  switch (visit.view) {
    case "own":
      return visit.window.closes_at;
    case "watched":
      return `${visit.part_of_day}: ${visit.score.points_earned}`;
    case "evidence":
      return visit.shopper.name ?? "a deleted shopper";
  }
}

// A list that was assigned has items, and a single visit has a view.
export function countVisits(
  assigned: operations["assign_visits"]["responses"][201]["content"]["application/json"],
): number {
  return "view" in assigned ? 1 : assigned.items.length;
}

// Fields with defaults can be omitted.
export const login: Schemas["Login"] = { email: "ana@example.com", password: "four-random-words" };
export const reassignment: Schemas["Reassignment"] = { shopper_id: "d4b1f0a3-7c0e-4b7e-a6f1-2f9b1c3d5e70" };

// A text is a string, or maps languages to strings.
export const texts: Schemas["Text"][] = ["Store visit", { en: "Store visit", es: "Visita a la tienda" }];

// Lists in queries are arrays of fixed words, and time zones are strings.
export const query: operations["list_scores"]["parameters"]["query"] = { by: ["location", "section"] };
export const location: Schemas["LocationWrite"] = {
  code: "MAD-01",
  name: "Puerta del Sol",
  region_id: "b2a5c7de-0f3b-4a55-8c0a-6d1c5f0e9a77",
  time_zone: "Europe/Madrid",
};
// @ts-expect-error: rows are by one or two of the dimensions that the document lists
export const wrongQuery: operations["list_scores"]["parameters"]["query"] = { by: ["shopper"] };

// Bodies and headers that are not JSON
export type Import = operations["import_locations"]["requestBody"]["content"]["text/csv"];
export type Picture = operations["get_photo"]["responses"][200]["content"]["image/jpeg"];
export type Quota = operations["list_visits"]["responses"][200]["headers"]["RateLimit"];
export const csv: Import = "code,name,region_code,time_zone\n";
