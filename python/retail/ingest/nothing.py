"""Words by which exports write that there is nothing, as the macro `null_if_nothing` has them."""

from __future__ import annotations

from retail.storage.quoting import literal

NOTHING = ("", "null", "na", "n/a", "#n/a", "nan", "none", "\\n", "-", "(blank)")
GUESTS = (
    "0", "0.0", "no customer", "not registered", "(none)", "n.a.", "--", "–", "—", "?", ".",
    "gast", "laufkunde", "barverkauf", "anonym", "anonyme", "client de passage", "invité",
    "invitado", "anónimo", "convidado", "ospite", "anonimo", "-1", "-1.0", "missing",
    "not available", "not provided", "no id", "unbekannt", "inconnu", "desconocido", "sconosciuto",
    "00", "000", "0000", "00000", "000000", "00000000-0000-0000-0000-000000000000", "n", "#", "/",
    "anon", "anonyme kunde", "bar", "barkunde", "barverkäufe", "bargeld", "client comptoir",
    "client divers", "cliente generico", "cliente genérico", "clientes varios", "consumidor final",
    "cpd", "customer", "diverse", "diverse kunden", "diversen", "diverser kunde", "einmalkunde",
    "gast-bestellung", "gastbestellung", "klient detaliczny", "kontantkund", "nicht registriert",
    "no name", "not specified", "particulier", "perakende", "private", "privato",
    "público en general", "sammelkunde", "standard", "tageskunde", "tbd", "undefined", "visitor",
    "розничный покупатель", "частное лицо", "ゲスト", "匿名", "散客", "xxx",
)  # fmt: skip
"""Of customers alone: each would be one person with a fifth of the orders."""
GUEST_FORMS = (
    "(guest|anonymous|noreply|no-reply|unknown|nobody|none|null|no|walkin|walk-in|test)@.*"
    "|(guest|anonymous|unknown|cash|counter|house|walk[- ]?in|over[- ]the[- ]counter|retail"
    "|default|unregistered|one[- ]?time|misc|miscellaneous|various|sundry|web|store|pos|generic"
    "|general|dummy)([- ]?(account|a/c|acct|customer|cust|sale|client|buyer|user|shopper|checkout"
    "|order)s?)?"
)


def is_nothing(text: str) -> str:
    """SQL: whether a text is a word for nothing.

    Args:
        text: SQL of the text.
    """
    return f"(lower(trim({text})) in ({', '.join(map(literal, NOTHING))}))"


def is_nobody(text: str) -> str:
    """SQL: whether a text stands for no customer.

    Args:
        text: SQL of the text.
    """
    plain = f"lower(trim({text}))"
    words = ", ".join(map(literal, (*NOTHING, *GUESTS)))
    return f"({plain} in ({words}) or regexp_full_match({plain}, {literal(GUEST_FORMS)}))"
