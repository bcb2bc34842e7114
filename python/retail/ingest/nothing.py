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


# What columns of statuses and types say of lines, in any form of the word.
VOID = (
    r"(?i)(?:wc-)?(?:cancel\w*|void\w*|failed|declined|expired|abandoned|draft|pending(?: payment)?"
    r"|unpaid|test|deleted|storn\w*|annul\w*|anul\w*|cancelad\w*|geannuleerd|avbruten|iptal)"
)
"""The order never came about."""
RETURNED = (
    r"(?i)(?:sales )?(?:return\w*|refund\w*|credit ?(?:note|memo)|gutschrift|retour\w*|retoure"
    r"|r(?:ü|u)ckgabe|erstattung|avoir|rembours\w*|devoluci\w+|devolu[cç]\w+|abono|reso|zwrot"
    r"|creditnota|creditfactuur|nota di credito|kreditnota|iade)"
)
"""What was sold came back."""
TAKEN_BACK = f"{VOID}|{RETURNED}"
YES = r"(?i)(?:y|yes|1|t|true|x|j|ja|oui|s[iíì]|tak|evet)"
"""What a column says that asks for one of them in its name."""
