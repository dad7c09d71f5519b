import staff from "../../staff/words/en.js";

export default {
  ...staff,
  title: "Administration",
  "page-start": "Start",
  "page-people": "People",
  "page-places": "Places",
  "page-checklists": "Checklists",
  "page-plan": "Plan visits",
  "page-assign": "Assign visits",
  "page-visits": "Visits",
  "page-targets": "Targets",
  "page-api": "API clients",
  "page-webhooks": "Webhooks",
  "page-audit": "Audit log",
  "page-settings": "Settings",
  "page-scores": "Scores",
};
