"""Words by which exports write that there is nothing, as the macro `known_text` has them."""

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
)  # fmt: skip
"""Of customers alone: each would be one person with a fifth of the orders."""
GUEST_ADDRESS = "(guest|anonymous|noreply|no-reply|unknown|nobody|walkin|walk-in)@.*"


def is_nobody(text: str) -> str:
    """SQL: whether a text stands for no customer.

    Args:
        text: SQL of the text.
    """
    plain = f"lower(trim({text}))"
    words = ", ".join(map(literal, (*NOTHING, *GUESTS)))
    return f"({plain} in ({words}) or regexp_full_match({plain}, {literal(GUEST_ADDRESS)}))"
