import staff from "../../staff/words/es.js";

export default {
  ...staff,
  title: "Administración",
  "page-start": "Inicio",
  "page-people": "Personas",
  "page-places": "Locales y regiones",
  "page-checklists": "Cuestionarios",
  "page-plan": "Planificar visitas",
  "page-assign": "Asignar visitas",
  "page-visits": "Visitas",
  "page-targets": "Objetivos",
  "page-api": "Clientes de la API",
  "page-webhooks": "Webhooks",
  "page-audit": "Registro de cambios",
  "page-settings": "Ajustes",
  "page-scores": "Resultados",
};
