"""What columns are called that tell whether an order is one, and what they say then.

Shops export orders that failed, were cancelled, or are drafts and tests beside those
that were paid. Which they are stands in a column of states, in one of yes and no, or
in a time that is filled where it happened.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, Literal

from holdback.experiments.language.currency_names import CURRENCY_COLUMNS, plain_name

__all__ = [
    "MOST_STATES",
    "StatusForm",
    "holds_states",
    "is_no_sale",
    "is_of_experiments",
    "is_telling",
    "status_form",
]

StatusForm = Literal["states", "none_if_true", "none_if_false", "none_if_filled"]
"""How a column says that a row is no sale."""

NO_SALE: Final = frozenset(
    {
        "abandoned", "auto draft", "awaiting payment", "blocked", "cancelled",
        "cancellation", "chargeback", "charged back", "checkout draft", "declined",
        "deleted", "denied", "draft", "error", "errored", "expired", "fail", "failed",
        "failure", "fraud", "fraudulent", "fully refunded", "incomplete",
        "incomplete expired", "invalid", "not paid", "on hold", "payment failed",
        "payment pending", "pending", "pending payment", "refunded", "rejected",
        "requires action", "requires confirmation", "requires payment method",
        "returned", "reversed", "sandbox", "test", "testing", "trash", "uncollectible",
        "unpaid", "void", "voided",
        "storniert", "abgebrochen", "fehlgeschlagen", "entwurf", "ausstehend",
        "unbezahlt", "abgelehnt", "erstattet",
        "annulé", "annulée", "annulee", "échoué", "échouée", "echouee", "en attente",
        "brouillon", "remboursé", "remboursée",
        "cancelado", "cancelada", "fallido", "fallida", "pendiente", "pendente",
        "borrador", "anulado", "rechazado", "reembolsado",
        "annullato", "annullata", "fallito", "in attesa", "bozza",
        "geannuleerd", "mislukt", "anulowane", "anulowany",
        "отменен", "отменён", "отменено", "отмена", "не оплачен", "черновик", "тест",
        "ошибка", "возврат", "ожидает оплаты",
    }
)  # fmt: skip
SALE: Final = frozenset(
    {
        "accepted", "active", "approved", "authorized", "captured", "charged", "closed",
        "complete", "completed", "confirmed", "delivered", "done", "fulfilled", "live",
        "new", "ok", "open", "order", "paid", "partially refunded", "placed",
        "processed", "processing", "sale", "settled", "shipped", "succeeded", "success",
        "successful", "valid",
        "abgeschlossen", "bezahlt", "versendet", "payé", "payée", "terminée", "pagado",
        "pagada", "pago", "completado", "pagato", "betaald", "оплачен", "выполнен",
        "доставлен", "завершен", "завершён",
    }
)  # fmt: skip
"""States in small letters, with single spaces and without the ``wc-`` of a shop."""

EXPERIMENTS: Final = re.compile(
    r"(ab_?)?(experiment|test|flag|feature_flag)(_(id|key|name))?|exp_(id|key|name)"
    r"|experiment_run|ab_?test"
)
"""Columns that say of which experiment a row is."""
NAMES_OF_STATES: Final = re.compile(r"status|state$|zustand|statut|estado|stato|статус")
OTHER_STATES: Final = re.compile(
    r"fulfil|ship|deliver|risk|review|mail|marketing|tax|stock|inventory|ticket"
    r"|billing|address|customer|country|subscri"
)
"""Columns of states that are not the payment's or the order's."""
TRUE_IS_NONE: Final = re.compile(
    r"(is_)?(test(_order|_mode)?|sandbox|draft|cancell?ed|void(ed)?|deleted|failed"
    r"|fraud|refunded|unpaid|abandoned)"
)
FALSE_IS_NONE: Final = re.compile(
    r"(is_)?(paid|captured|live(_?mode)?|success(ful)?|succeeded|completed?|confirmed"
    r"|valid)"
)
FILLED_IS_NONE: Final = re.compile(
    r"(cancell?ed|void(ed)?|failed|deleted|trashed|abandoned)_(at|on|date|time)"
    r"|(cancel|cancell?ation|void|decline|failure|error)_(reason|code|message)"
)
MOST_STATES: Final = 30


def status_form(name: str) -> StatusForm | None:
    """How a column of this name may say that a row is no sale; None: by no means.

    >>> status_form("Cancelled at"), status_form("is_test"), status_form("Paid")
    ('none_if_filled', 'none_if_true', 'none_if_false')
    >>> status_form("order_status"), status_form("fulfillment_status")
    ('states', None)
    """
    plain = plain_name(name)
    forms: dict[StatusForm, re.Pattern[str]] = {
        "none_if_true": TRUE_IS_NONE,
        "none_if_false": FALSE_IS_NONE,
        "none_if_filled": FILLED_IS_NONE,
    }
    for form, pattern in forms.items():
        if pattern.fullmatch(plain):
            return form
    lowered = name.lower()
    if NAMES_OF_STATES.search(lowered) and not OTHER_STATES.search(lowered):
        return "states"
    return None


def is_telling(name: str) -> bool:
    """Whether a column tells the currency, what is a sale or of which experiment."""
    return (
        plain_name(name) in CURRENCY_COLUMNS
        or status_form(name) is not None
        or is_of_experiments(name)
    )


def is_of_experiments(name: str) -> bool:
    """Whether a column of this name says of which experiment a row is.

    >>> is_of_experiments("ab_test"), is_of_experiments("Experiment ID")
    (True, True)
    """
    return EXPERIMENTS.fullmatch(plain_name(name)) is not None


def holds_states(name: str, values: Collection[str]) -> bool:
    """Whether most of a column's few values are states of orders."""
    known = [v for v in values if _state(v) in NO_SALE | SALE]
    few = len(values) <= MOST_STATES and not OTHER_STATES.search(name.lower())
    return few and len(known) >= 2 and 2 * len(known) >= len(values)


def is_no_sale(state: str) -> bool | None:
    """Whether a state says that nothing was sold; None for one that is not known.

    >>> is_no_sale("wc-failed"), is_no_sale("Paid"), is_no_sale("Galway")
    (True, False, None)
    """
    plain = _state(state)
    if plain in NO_SALE:
        return True
    return False if plain in SALE else None


def _state(text: str) -> str:
    words = re.sub(r"[\s_\-]+", " ", text.strip().lower())
    return words.removeprefix("wc ").replace("canceled", "cancelled")
