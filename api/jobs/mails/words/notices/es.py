"""The texts of notices in Spanish."""

from api.domain import notices
from api.domain.languages import MONTH_NAMES
from api.jobs.mails.words.notices.format import NoticeText, Words

WORDS = Words(
    notices={
        notices.WEEKLY_DIGEST: NoticeText(
            "Nuevos resultados de un local",
            "Nuevos resultados de {count} locales",
            "Estos locales tienen resultados nuevos desde su último resumen, primero los más bajos. Cada "
            "resultado abarca los seis meses hasta el mes indicado.",
            "Abrir el panel",
        ),
        notices.ALERTS: NoticeText(
            "Un lugar necesita su atención",
            "{count} lugares necesitan su atención",
            "Cada resultado abarca los meses evaluados, hasta el mes indicado.",
            "Abrir el panel",
        ),
        notices.DISPUTE_OUTCOMES: NoticeText(
            "Se ha resuelto una de sus reclamaciones",
            "Se han resuelto {count} de sus reclamaciones",
            "En el panel encontrará las decisiones y sus motivos.",
            "Abrir las reclamaciones",
        ),
        notices.REVIEWS_WAITING: NoticeText(
            "Una visita lleva más de 48 horas pendiente de revisión",
            "{count} visitas llevan más de 48 horas pendientes de revisión",
            "Los clientes misteriosos y los locales esperan una decisión.",
            "Abrir las revisiones",
        ),
        notices.DISPUTES_OPENED: NoticeText(
            "Hay una reclamación abierta",
            "Hay {count} reclamaciones abiertas",
            "Hay reclamaciones nuevas, y los responsables esperan una decisión.",
            "Abrir las reclamaciones",
        ),
        notices.WEBHOOKS_FAILING: NoticeText(
            "Un webhook está fallando",
            "{count} webhooks están fallando",
            "Es posible que a sus sistemas no les lleguen todos los eventos. Los que han fallado se pueden "
            "volver a enviar durante 30 días.",
            "Abrir los webhooks",
        ),
        notices.QUOTAS_SHORT: NoticeText(
            "A una cuota le faltan visitas",
            "A {count} cuotas les faltan visitas",
            "Su periodo termina en menos de una semana y estas visitas aún no se han asignado.",
            "Abrir el plan",
        ),
        notices.VISITS_ASSIGNED: NoticeText(
            "Tiene una visita nueva",
            "Tiene {count} visitas nuevas",
            "Abra cada visita una vez con conexión: así tendrá las preguntas en el teléfono.",
            "Abrir sus visitas",
        ),
        notices.VISITS_CLOSING: NoticeText(
            "Una visita termina en menos de 48 horas",
            "{count} visitas terminan en menos de 48 horas",
            "Si no puede hacer una visita, recházela para que otra persona la haga.",
            "Abrir sus visitas",
        ),
        notices.VISITS_RETURNED: NoticeText(
            "Le han devuelto una visita",
            "Le han devuelto {count} visitas",
            "La persona que la revisa le pide que cambie algo. En la visita verá qué es.",
            "Abrir sus visitas",
        ),
    },
    reasons={
        notices.DROP: "Claramente peor que en los seis meses anteriores",
        notices.TARGET_MISSED: "Objetivo no alcanzado",
        notices.CRITICAL_FAILURE: "Un fallo crítico",
        notices.NO_VISIT: "Sin visitas desde hace {days} días",
    },
    columns={
        "store": "Local",
        "month": "Mes",
        "score": "Resultado",
        "until": "Hasta",
        "receiver": "Receptor",
        "state": "Estado",
        "region": "Región",
        "missing": "Visitas que faltan",
    },
    webhook_states={False: "Falla", True: "Desactivado por los fallos"},
    months=MONTH_NAMES["es"],
    month_format="{month} de {year}",
    time_format="{day} de {month} de {year}, {time}",
    decimal_mark=",",
    percent="{n}\u00a0%",
    more="y {count} más",
    footer="Recibe este correo porque tiene una cuenta en {organization}.",
    unsubscribe="No recibir más correos de este tipo",
)
