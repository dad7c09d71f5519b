"""The texts of mails in Spanish, in the order of ``en.py``."""

TEXTS = {
    "mail-invitation": (
        "Su invitación de {organization}",
        (
            "Hola, {name}:",
            "{organization} le invita a participar en su programa de cliente misterioso. Para empezar, elija "
            "una contraseña. Después podrá iniciar sesión con la dirección {email}.",
        ),
        "Aceptar la invitación",
        (
            "El enlace es válido durante 7 días y solo se puede usar una vez.",
            "Si no esperaba este correo, puede ignorarlo.",
        ),
    ),
    "mail-password-reset": (
        "Elija una contraseña nueva para {organization}",
        (
            "Hola, {name}:",
            "Alguien ha pedido una contraseña nueva para su cuenta {email} en {organization}.",
        ),
        "Elegir una contraseña nueva",
        (
            "El enlace es válido durante 60 minutos y solo se puede usar una vez.",
            "Si no ha sido usted, puede ignorar este correo: su contraseña no cambia.",
        ),
    ),
    "mail-password-changed": (
        "Se ha cambiado su contraseña de {organization}",
        (
            "Hola, {name}:",
            "Se ha cambiado la contraseña de su cuenta {email} en {organization} y se ha cerrado la sesión "
            "en sus otros dispositivos.",
            "Si no ha sido usted, elija ahora mismo una contraseña nueva con «¿Ha olvidado su contraseña?» "
            "en la página de inicio de sesión y avise a la persona que administra su cuenta.",
        ),
        "Abrir la página",
        (),
    ),
}
