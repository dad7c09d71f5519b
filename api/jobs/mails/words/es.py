"""The texts of mails in Spanish, in the order of ``en.py``."""

TEXTS = {
    "mail-invitation": (
        "Tu invitación de {organization}",
        (
            "Hola, {name}:",
            "{organization} te invita a participar en su programa de cliente misterioso. Para empezar, elige "
            "una contraseña. Después podrás iniciar sesión con la dirección {email}.",
        ),
        "Aceptar la invitación",
        (
            "El enlace es válido durante 7 días y solo se puede usar una vez.",
            "Si no esperabas este correo, puedes ignorarlo.",
        ),
    ),
    "mail-password-reset": (
        "Elige una contraseña nueva para {organization}",
        (
            "Hola, {name}:",
            "Alguien ha pedido una contraseña nueva para tu cuenta {email} en {organization}.",
        ),
        "Elegir una contraseña nueva",
        (
            "El enlace es válido durante 60 minutos y solo se puede usar una vez.",
            "Si no has sido tú, puedes ignorar este correo: tu contraseña no cambia.",
        ),
    ),
    "mail-password-changed": (
        "Se ha cambiado tu contraseña de {organization}",
        (
            "Hola, {name}:",
            "Se ha cambiado la contraseña de tu cuenta {email} en {organization} y se ha cerrado la sesión "
            "en tus otros dispositivos.",
            "Si no has sido tú, elige ahora mismo una contraseña nueva con «¿Has olvidado tu contraseña?» en "
            "la página de inicio de sesión y avisa a la persona que administra tu cuenta.",
        ),
        "Abrir la página",
        (),
    ),
}
