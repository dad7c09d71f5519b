"""The texts of the report in Spanish, as ``en.py`` has them."""

TEXTS: dict[str, str | tuple[str, str]] = {
    "decimalMark": ",",
    "thousands": ".",
    "percent": "{n}\u00a0%",
    "day": "{day} de {month} de {year}",
    "monthYear": "{month} de {year}",
    "fromTo": "{low} a {high}",
    "title": "Informe de resultados",
    "period": "{first} a {last}",
    "allChecklists": "Todos los cuestionarios",
    "page": "Página {n} de {of}",
    "score": "Resultado",
    "interval": "Intervalo del 95\u00a0%",
    "visits": "Visitas",
    "passed": "Aprobadas",
    "criticalFailures": "Fallos críticos",
    "change": "Cambio",
    "month": "Mes",
    "months": "Meses",
    "section": "Sección",
    "sections": "Secciones",
    "fundamental": "Fundamento",
    "fundamentals": "Fundamentos",
    "question": "Pregunta",
    "region": "Región",
    "location": "Local",
    "rank": "Puesto",
    "pointsLost": "Puntos perdidos",
    "ofAll": "{n} de {of}",
    "noVisits": "sin visitas",
    "tooFewVisits": "muy pocas visitas",
    "rose": "subida clara",
    "fell": "bajada clara",
    "mayBeChance": "puede deberse al azar",
    "tooFewNow": "muy pocas visitas",
    "tooFewBefore": "muy pocas visitas antes",
    "nothingBefore": "sin datos para comparar",
    "notComparable": "no comparable",
    "asOf": "Datos del {day}",
    # El titular
    "headline-none": "No hay visitas aceptadas en este período, así que no hay resultado.",
    "headline-few": (
        "El resultado procede de solo {n} visita. Menos de {enough} visitas son muy pocas para sacar "
        "conclusiones: el resultado de un número ilimitado de visitas podría estar en cualquier punto entre "
        "{low} y {high}.",
        "El resultado procede de solo {n} visitas. Menos de {enough} visitas son muy pocas para sacar "
        "conclusiones: el resultado de un número ilimitado de visitas podría estar en cualquier punto entre "
        "{low} y {high}.",
    ),
    "headline": (
        "El resultado procede de {n} visita. El de un número ilimitado de visitas estaría probablemente "
        "entre {low} y {high}.",
        "El resultado procede de {n} visitas. El de un número ilimitado de visitas estaría probablemente "
        "entre {low} y {high}.",
    ),
    "headline-disputes": "Sin reclamaciones, la puntuación sería {before}. Los gerentes suelen reclamar "
    "sobre respuestas que perdieron puntos, así que las reclamaciones tienden a subir la puntuación.",
    "change-none": "No hay visitas en el período anterior ({period}) con las que comparar.",
    "change-more": "Son {points} puntos porcentuales más que en el período anterior ({before}, {period}). "
    "{verdict}",
    "change-less": "Son {points} puntos porcentuales menos que en el período anterior ({before}, {period}). "
    "{verdict}",
    "change-same": "Es igual que en el período anterior ({period}). {verdict}",
    "verdict-rose": "Es una subida clara: el azar por sí solo rara vez explica una diferencia así.",
    "verdict-fell": "Es una bajada clara: el azar por sí solo rara vez explica una diferencia así.",
    "verdict-mayBeChance": "El azar por sí solo podría explicar la diferencia.",
    "verdict-tooFewNow": "Hay muy pocas visitas para saber si se debe a algo más que el azar.",
    "verdict-tooFewBefore": "Ese período tiene muy pocas visitas para saber si se debe a algo más que el "
    "azar.",
    "verdict-notComparable": "Las visitas usan cuestionarios distintos, así que no se evalúa el cambio.",
    # Los meses
    "monthsWords": (
        "Gráfico del resultado de {n} mes, con su intervalo del 95\u00a0%. La tabla de abajo contiene las "
        "cifras.",
        "Gráfico de los resultados de {n} meses, de {first} a {last}, con sus intervalos del 95\u00a0%. El "
        "resultado más bajo es {low} y el más alto, {high}. La tabla de abajo contiene las cifras.",
    ),
    "monthsLegend": "Las líneas son intervalos del 95\u00a0%. Puntos huecos: menos de {enough} visitas.",
    "monthsShown": "La tabla contiene los últimos {n} de {of} meses con visitas.",
    # Los lugares
    "regionsBelow": "Regiones",
    "locations": "Locales",
    "rankWords": (
        "Resultado de {n} local con visitas suficientes.",
        "Resultados de los {n} locales con visitas suficientes, del mejor al peor. El puesto es un intervalo "
        "porque el azar influye: los locales cuyos intervalos se solapan pueden diferir solo por azar. La "
        "línea discontinua marca el resultado de toda la región.",
    ),
    "notRanked": "Los locales con menos de {enough} visitas no se clasifican. Aparecen por código.",
    "mixed": "Estas visitas usan cuestionarios distintos, así que los locales aparecen por código y no se "
    "clasifican.",
    "placesBetween": (
        "Hay {n} local más entre estos",
        "Hay {n} locales más entre estos",
    ),
    "moreRegions": (
        "{n} región más no se muestra.",
        "{n} regiones más no se muestran.",
    ),
    "moreLocations": (
        "{n} local más no se muestra.",
        "{n} locales más no se muestran.",
    ),
    # Las preguntas
    "worstQuestions": "Dónde se perdieron puntos",
    "worstWords": "Primero, las preguntas que perdieron más puntos.",
    "worstFew": "Una pregunta con pocas visitas puede estar aquí por azar: fíjese en su intervalo.",
    "noPointsLost": "No se perdieron puntos.",
    "goodAnswer": "Buena respuesta: {answer}",
    "moreQuestions": (
        "{n} pregunta más perdió puntos.",
        "{n} preguntas más perdieron puntos.",
    ),
    "moreSections": (
        "{n} sección más no se muestra.",
        "{n} secciones más no se muestran.",
    ),
    # Comentarios y fotos
    "comments": "Comentarios",
    "noComments": "No hay comentarios.",
    "latestComments": "Los últimos {n} de {of} comentarios, los más recientes primero.",
    "allComments": "Todos los comentarios, los más recientes primero.",
    "lastWord": "Sobre la visita en conjunto",
    "answerPoints": "{earned} de {possible} puntos",
    "amendment-amended": "corregida tras una reclamación",
    "amendment-set_aside": "anulada tras una reclamación",
    "amendment-hidden": "no cuenta tras una reclamación",
    "photos": "Fotos",
    "noPhotos": "No hay fotos.",
    "latestPhotos": "Las últimas {n} de {of} fotos, las más recientes primero.",
    "allPhotos": "Todas las fotos, las más recientes primero.",
    "photoWords": "Foto de la pregunta «{question}»: {caption}",
    "photoOfClosedStore": "El local estaba cerrado",
    "photoMissing": "Esta foto no se puede mostrar.",
    # Cómo se calcula
    "how": "Cómo se calculan estas cifras",
    "how-points": (
        "El resultado son los puntos obtenidos divididos entre los puntos posibles, en todas las visitas "
        "aceptadas del período: {earned} de {possible} puntos en {n} visita. Las preguntas no aplicables no "
        "cuentan en ninguno de los dos totales.",
        "El resultado son los puntos obtenidos divididos entre los puntos posibles, en todas las visitas "
        "aceptadas del período: {earned} de {possible} puntos en {n} visitas. Las preguntas no aplicables no "
        "cuentan en ninguno de los dos totales.",
    ),
    "how-interval": "El intervalo del 95\u00a0% de visitas completas indica cuánto podría alejarse el "
    "resultado del que daría un número ilimitado de visitas. Es un intervalo t basado en la variación entre "
    "visitas; dos visitas supuestas evitan que parezca demasiado estrecho cuando hay pocas.",
    "how-wilson": "El intervalo de una sección, un fundamento o una pregunta es un intervalo de Wilson para "
    "la proporción de puntos obtenidos, en el que cada visita cuenta como un ensayo.",
    "how-indicative": "Menos de {enough} visitas son muy pocas para juzgar un local. Esos resultados "
    "aparecen en gris, con un punto hueco, y no tienen puesto.",
    "how-change": "Un cambio se considera claro si ambos períodos tienen al menos {enough} visitas de un "
    "mismo cuestionario y el intervalo del 95\u00a0% de la diferencia no incluye el cero. El período "
    "anterior tiene la misma duración y acaba justo antes de este.",
    "how-rank": "El mejor puesto posible cuenta los locales cuyo intervalo está totalmente por encima del de "
    "este; el peor, aquellos cuyo intervalo está totalmente por debajo.",
    "how-spread": "El resultado de una visita suele diferir de este en {spread}.",
    "omissions": "Qué no se incluye",
    "omissions-visits": "Las visitas no aceptadas y las que encontraron el local cerrado.",
    "omissions-private": "Las preguntas privadas, con sus respuestas y fotos.",
    "omissions-selfChecks": "Las autoevaluaciones del personal.",
    "omissions-checklists": "Las visitas con otros cuestionarios que «{title}».",
    "omissions-shoppers": "Quiénes eran los clientes misteriosos, y la hora más allá de mañana, tarde, noche "
    "o madrugada.",
    "omissions-months": "Los resultados se guardan por meses, así que el informe abarca meses completos.",
    "omissions-long": "Los textos largos están abreviados. Terminan en «…».",
    "omissions-glyphs": "Los caracteres que no están en las fuentes de este documento aparecen como «�».",
    "docs": "Las fórmulas, un ejemplo y las fuentes están en la documentación del programa, en inglés, bajo "
    "«How scores are calculated».",
    # Respuestas
    "yes": "Sí",
    "no": "No",
    "notApplicable": "No aplicable",
    "scaleOf": "{value} de {maximum}",
    "upTo": "hasta {time}",
    "over": "más de {time}",
    "seconds": "{n} s",
    "minutes": "{time} min",
    "hours": "{time} h",
    "or": "{first} o {last}",
    "part-night": "madrugada",
    "part-morning": "mañana",
    "part-afternoon": "tarde",
    "part-evening": "noche",
}

FUNDAMENTALS = {
    "answer-the-phone": "Contestar al teléfono",
    "respond-fast": "Responder con rapidez",
    "keep-promises": "Cumplir la palabra",
    "right-first-time": "Resolverlo a la primera",
    "fix-fast": "Arreglar pronto los problemas",
    "no-blame": "No culpar a nadie",
    "listen-first-time": "Escuchar a la primera",
    "use-the-name": "Usar el nombre del cliente",
    "eye-contact": "Mirar al cliente a los ojos",
    "be-sincere": "Ser sincero",
    "thank-the-customer": "Dar las gracias al cliente",
    "have-fun": "Ser alegre y agradable",
    "greet-the-customer": "Saludar al cliente",
    "faith-not-fear": "Confiar en el cliente",
    "consistency-and-decisiveness": "Ser claro y coherente",
    "authenticity": "Ser auténtico",
    "custom-service": "Adaptar el servicio al cliente",
    "radical-sincerity": "Poner la relación por delante",
}
