"""What columns of statuses, types and flags say of lines: whether these count.

A word is asked in any of its forms, with blanks, hyphens or underscores between its parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from retail.ingest import elsewhere
from retail.ingest.columns import DEBEZIUM, may_matter, normalise
from retail.ingest.forms.numbers import bare
from retail.storage.quoting import literal

VOID = (
    r"(?i)(?:wc-|order |payment |auth )?(?:cancel\S*|void\S*|fail\S*|declin\S*|reject\S*|denied"
    r"|expired|abandon\S*|incomplete|(?:checkout[ _-])?draft|trash|quote|pending(?:[ _-]payment)?"
    r"|error|refused|awaiting.*payment|(?:not|un)[ _-]?paid|requires[ _-].*|uncollectible|test"
    r"|deleted|storn\S*|annul\S*|anul\S*|cancelad\S*|rechazad\S*|fallid\S*|geannuleerd|avbruten"
    r"|iptal|İptal|gelöscht|fehlgeschlagen|abgebrochen|ausstehend|unbezahlt|(?:en )?attente.*"
    r"|in attesa.*|(?:paiement )?refus\S*|[ée]chou\S*|impay\S*|pendiente.*|отмен\S*|キャンセル"
    rf"|已取消|取消|{elsewhere.VOID})(?: (?:by|from) .*| order)?"
)
"""The order never came about, or is not paid."""
_RETURNED = (
    r"(?:wc-|sales )?(?:return(?:[^ia\s]\S*)?|refund\S*|credit(?:[ _-]?(?:note|memo))?|crn"
    r"|gutschrift|gutgeschrieben|retour\S*|r[üu]ckgabe|erstatt\S*|avoir|rembours\S*|reembols\S*"
    r"|rimbors\S*|devoluci\S+|devolu[cç]\S+|devuelt\S+|abono|reso|zwrot|creditnota|creditfactuur"
    r"|iade|nota di credito|kreditnota|reversed|chargeback|.*returned to seller|возврат\S*|返品"
    rf"|返金|已退款|退货|退款|{elsewhere.RETURNED})"
)
_NOT_KEPT = (
    r".*(?:reject\S*|refused) by .*|.*return(?:ed|ing)? to .*|rto\b.*|.*lost in (?:transit|post).*"
    r"|.*(?:undeliver(?:able|ed)|not delivered).*|(?:.*\W)?(?:delivery|shipment)[ _-]fail\S*"
    r"|fail\S*[ _-](?:delivery|shipment)|(?:shipped|delivered|in transit)\W+(?:damaged|lost)\b.*"
)
"""The same of an order that the buyer did not take, or that never reached one."""
RETURNED = f"(?i){_RETURNED}|{_NOT_KEPT}"
"""What was sold came back, or its money did."""
_GOES_ON = (
    r"(?:\s*[^\w\s&].*|\s+(?:of|for|by|to|from|due|because|von|durch|wegen|de|du|par|per)\s.*)?"
)
RETURN_NOTE = rf"(?i)(?:(?:customer|full|partial|item|goods)[ -])?{_RETURNED}{_GOES_ON}"
"""The same in a note, with a reason; no `return customer`."""
VOID_NOTE = rf"(?i)(?:cancel\S*|void(?:ed)?|storn\S*|annul[^a]\S*){_GOES_ON}|{elsewhere.VOID_NOTE}"
"""What never came about, where a column is of something else by its name."""
IS_FREE_TEXT = re.compile(
    "(?i)note|comment|remark|reason|memo|bemerk|grund|hinweis|motiv|observ|uwag"
)
UNSETTLED = (
    r"(?i)(?:wc-)?(?:on[ _-]?hold|authori[sz]ed|open|offen|disputed|partially[ _-]refunded"
    r"|(?:payment[ _-]|in[ _-])review|suspected[ _-]fraud|teilweise erstattet)"
)
"""What may become of it is open, or has become of a part of it."""
TAKEN_BACK = f"{VOID}|{RETURNED}|{UNSETTLED}"
HARMLESS = (
    r"(?i)(?:wc-)?(?:complet\S*|paid|(?:un)?shipped|(?:un)?fulfilled|delivered|closed|success\S*"
    r"|succeeded|captured|process\S*|done|invoiced?|dispatched|sent|settled|approved|confirmed"
    r"|active|ok|sales?|sold|orders?|charge|payment|abgeschlossen|versendet|versandt|bezahlt"
    r"|geliefert|erledigt|verkauf\S*|rechnung|exp[ée]di[ée]\S*|livr[ée]\S*|pay[ée]\S*|vente"
    rf"|{elsewhere.HARMLESS}"
    r"|termin[ée]\S*|facture|pagad\S*|enviad\S*|entregad\S*|venta|factura|pagat\S*|spedit\S*"
    r"|vendita|verzonden|betaald|voltooid|(?:paid|shipped)[, ]+(?:paid|shipped))"
)
"""The line counts as any other."""
UNDER_WAY = (
    r"(?i)(?:created|new|placed|received|accepted|ready.*|pack(?:ed|ing)"
    r"|pick(?:ed|ing)?(?:[ _-]up)?"
    r"|shipping|in[ _-]transit|on the way|out[ _-]for[ _-]delivery|awaiting[ _-](?:shipment|pickup)"
    r"|part(?:ial(?:ly)?)?(?:[ _-]?(?:paid|shipped|fulfilled|delivered|invoiced))?"
    r"|pending\W+.*pick.*|shipped\W+(?:delivered|picked|out).*|zugestellt|in (?:be)?arbeit\S*"
    r"|in zustellung|unterwegs|neu|angenommen|teil(?:weise )?(?:geliefert|bezahlt)|en cours.*"
    r"|en pr[ée]paration|nouve(?:au|lle)|accept[ée]\S*|en (?:proceso|camino|tr[áa]nsito)|nuev[oa]"
    r"|in lavorazione|consegnat\S*|afgerond|in behandeling|w (?:trakcie|drodze).*|zrealizowan\S*"
    r"|wysłan\S*|nowe)"
)
"""What a status says of an order that goes its way; of a return the same words say otherwise."""
YES = r"(?i)(?:y|yes|1|t|true|x|j|ja|oui|s[iíì]|tak|evet)"
NO = r"(?i)(?:n|no|0|f|false|nein|non|nee|nie|-)"
"""What a column says that asks for one of these in its name."""
STATUS = re.compile("status|stat[oe]?$|statut|estado")
"""Of an order, not of a line: what was returned later was sold before."""
IS_RETURN = re.compile("return|refund|retour|devol|reso$|gutschrift")
IS_VOID = re.compile("void|cancel|^(?:is)?test(?:order)?$|deleted|storn|annul|draft")
IS_CHANGE = re.compile("^(?:cdc|dml)op$|^op(?:type|code)$|^changetype$|changeoper|^metadataaction$")
"""What became of the row in a log of changes, as Debezium, DMS and warehouses write it."""
GONE = r"(?i)d|delete[ds]?|del|before|update_preimage"
IS_PAID = re.compile("^(?:is)?paid$|^captured$|^bezahlt$|^pagad[oa]$|^paye$|^betaald$")
IS_STATUS = re.compile(
    r"^(?!.*(?:customer|client|kunde|member|loyal|marital|stock|mail|vip|tax)).*(?:status|statut"
    r"|^estado.|^stato|(?:order|sale|invoice|document|payment)state$|^tila$|durum)"
)
"""What the name of a column has whose words say what became of an order."""
IS_COUNT = re.compile(
    "qty|quant|anzahl|menge|piece|unit|amount|amt$|betrag|montant|importe|sum|total|value|wert|money"
)
"""Of how many pieces, or how much money, where others say yes or no."""
IS_RATE = re.compile(
    "(?:exchange|fx|conversion|currency)rate|factor|kurs|change$|cambio|revision|version"
)
"""Of which one changes nothing, and is said in the same form as a number of pieces."""
AN_AMOUNT = r"-?\d*[.,]?\d*[1-9][\d.,]*"
_ONE = r"1[.,]0+"
_DAY = r".*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*"


def words_of(name: str, words: str = TAKEN_BACK) -> str:
    """The pattern of what a column says of lines that do not count.

    Args:
        name: of the column; where it asks for that itself, yes is one of the words, or a day.
        words: those of a column that does not.
    """
    known = normalise(name)
    if IS_PAID.search(known):
        return NO
    if name == DEBEZIUM or IS_CHANGE.search(known):
        return GONE
    if not may_matter(name):
        return f"{RETURN_NOTE}|{VOID_NOTE}"
    return f"{words}|{YES}|{_ONE}|{_DAY}" if is_flag(known) else words


def is_flag(known: str) -> bool:
    """Whether a name, as `normalise` has it, asks if a line came back or never was."""
    return bool(IS_RETURN.search(known) or IS_VOID.search(known))


def counts(name: str) -> bool:
    """Whether a column says how much of a line came back or never was."""
    known = normalise(name)
    return is_flag(known) and bool(IS_COUNT.search(known))


def is_of_returns(name: str, members: Iterable[str]) -> bool:
    """Whether what a column says of lines is that each of them is a return."""
    known = normalise(name)
    of_lines = not STATUS.search(known)
    return of_lines and (
        bool(IS_RETURN.search(known)) or all(re.fullmatch(RETURN_NOTE, one) for one in members)
    )


def is_taken_back(name: str, text: str) -> str:
    """SQL: whether a text says in a column that its line does not count."""
    return f"coalesce(regexp_full_match(trim({text}), {literal(words_of(name))}), false)"


def is_harmless(text: str, name: str) -> str:
    """SQL: whether a text says nothing of the kind, nor any amount; a rate of one is none."""
    no_amount = f"-?0+[.,]?0*%?|{_ONE}" if IS_RATE.search(normalise(name)) else "-?0+[.,]?0*%?"
    is_zero = f"(trim({text}) = '' or regexp_full_match({bare(text)}, {literal(no_amount)}))"
    words = f"regexp_full_match(trim({text}), {literal(f'{HARMLESS}|{NO}')})"
    return f"coalesce({words} or {is_zero}, true)"


def is_under_way(text: str) -> str:
    """SQL: whether a text says of an order that it counts, or is no word at all."""
    words = f"{HARMLESS}|{UNDER_WAY}|[^\\pL]*"
    return f"coalesce(regexp_full_match(trim({text}), {literal(words)}), true)"
