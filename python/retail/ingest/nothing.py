"""Words by which exports write that there is nothing, as the macro `null_if_nothing` has them."""

from __future__ import annotations

from retail.storage.quoting import literal

NOTHING = ("", "null", "na", "n/a", "#n/a", "nan", "none", "\\n", "-", "(blank)")
GUESTS = (
    "0", "0.0", "guest", "guest customer", "guest checkout", "anonymous", "anonymous customer",
    "unknown", "walk-in", "walk in", "walkin", "walk-in customer", "cash customer", "cash sale",
    "no customer", "not registered", "(none)", "n.a.", "--", "–", "—", "?", ".", "gast",
    "laufkunde", "barverkauf", "anonym", "anonyme", "client de passage", "invité", "invitado",
    "anónimo", "convidado", "ospite", "anonimo", "-1", "-1.0", "missing", "not available",
    "not provided", "no id", "unbekannt", "inconnu", "desconocido", "sconosciuto",
    "00", "000", "0000", "00000", "000000", "00000000-0000-0000-0000-000000000000", "n", "#", "/",
    "anon", "anonyme kunde", "bar", "barkunde", "barverkäufe", "bargeld", "cash", "cash cust",
    "cash sales", "client comptoir", "client divers", "cliente generico", "cliente genérico",
    "clientes varios", "consumidor final", "counter sale", "counter sales", "cpd", "customer",
    "default customer", "diverse", "diverse kunden", "diversen", "diverser kunde", "einmalkunde",
    "gast-bestellung", "gastbestellung", "klient detaliczny", "kontantkund", "misc",
    "nicht registriert", "no name", "not specified", "particulier", "perakende", "private",
    "privato", "público en general", "retail customer", "sammelkunde", "standard", "sundry",
    "tageskunde", "tbd", "undefined", "unknown customer", "unregistered", "various", "visitor",
    "розничный покупатель", "частное лицо", "ゲスト", "匿名", "散客", "pos", "web", "store", "xxx",
)  # fmt: skip
"""Of customers alone: each would be one person with a fifth of the orders."""
GUEST_ADDRESS = (
    "(guest|anonymous|noreply|no-reply|unknown|nobody|none|null|no|walkin|walk-in|test)@.*"
)


def is_nobody(text: str) -> str:
    """SQL: whether a text stands for no customer.

    Args:
        text: SQL of the text.
    """
    plain = f"lower(trim({text}))"
    words = ", ".join(map(literal, (*NOTHING, *GUESTS)))
    return f"({plain} in ({words}) or regexp_full_match({plain}, {literal(GUEST_ADDRESS)}))"
