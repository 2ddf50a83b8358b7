"""What the name of a column, or of an arm, says of what it holds."""

from __future__ import annotations

import re
from collections.abc import Collection

__all__ = [
    "AFFIRMED",
    "AMOUNT_WORDS",
    "ARM_NAMES",
    "ATTRIBUTE",
    "COUNTED",
    "EVENT",
    "EXPOSED",
    "FEATURE",
    "HISTORY",
    "LEAVING",
    "OUTCOME",
    "REFUND",
    "TEST",
    "UNKNOWN_ARMS",
    "arm_score",
    "control_score",
    "money_score",
    "outcome_score",
    "plain_key",
    "row_id_score",
    "tokens",
    "unit_name_score",
]


def words(text: str) -> frozenset[str]:
    """Words of a list, as a set."""
    return frozenset(text.split())


PERSONS = words(
    "user customer client visitor member email mail account subscriber household "
    "cookie contact person player patient profile buyer shopper guest donor lead uid "
    "guid uuid msisdn phone anonymous device hh kunde kunden nutzer besucher cliente "
    "usuario utilisateur recipient student employee driver rider reader viewer "
    "participant subject respondent unit company tenant workspace клиент пользователь"
)
PLACE = words("location store shop site branch restaurant school hotel property geo")
ROW = words(
    "order transaction invoice receipt event row line item purchase booking payment "
    "message log record impression ticket basket cart bestellung commande pedido"
)
IDENTIFIER = words("id ids no nr num number key uuid guid hash uid code nummer")
NO_UNIT = words(
    "type segment domain status age group tenure since score value agent count name "
    "test experiment campaign product sku variant category"
)
ARM_NAMES = words(
    "arm variant variation treatment treated treat group bucket assignment assigned "
    "holdout holdback condition control testgroup abgroup splitgroup gruppe groupe "
    "grupo variante группа arms abtest"
)
ARM_ENDINGS = ("group", "gruppe", "grupo", "groupe", "variant", "variante")
LIKELY_ARM = words(
    "version cohort segment campaign promotion promo offer test experiment cell "
    "design policy ad personalized personalised personalization exposed split exp "
    "message emailed mailed"
)
TEST = words("test experiment exp study")
CONTROL = words(
    "control ctl ctrl contr holdout holdback placebo baseline psa kontrolle "
    "kontrollgruppe controle contrôle témoin temoin контроль контрольная heldout"
)
NO_TREATMENT = words(
    "no none without ohne sans sin off default original old existing current standard "
    "bau untreated nothing null never vorher bisher alt alte"
)
TREATED = words(
    "treatment test treated variant variation personalized personalised new exp "
    "experiment experimental on target"
)
UNKNOWN_ARMS = words("nan null (not n/a undefined unknown unassigned <na> nil")
ATTRIBUTE = words(
    "age gender sex country region city state zip zipcode postal device browser os "
    "platform channel source medium plan size tenure type tier language locale income "
    "education married marital family children newbie new is_new loyalty store market "
    "marketsize category industry cluster segment status birth dob operating system "
    "land geschlecht alter pays ville pais edad persona recency frequency mobile os "
    "landing page weekday hour"
)
FEATURE = re.compile(r"^(f|v|x|var|feature|feat|col|attr)_?\d+$")
HISTORY = words(
    "history historical past prev previous before pre prior lifetime baseline last "
    "earlier vorher avant previo preperiod prior12m before30d hist"
)
OUTCOME = words(
    "outcome response responded y target label result convert converted conversion "
    "conversions visit visited visits click clicked clicks open opened opens purchase "
    "purchased purchases buy bought order ordered orders signup signups subscribe "
    "subscribed retention retained churn churned unsubscribed unsub returned refund "
    "sessions rounds gamerounds pageviews views duration engaged engagement answered "
    "nps csat rating stars satisfaction score installs paid trial activated upgrade "
    "upgraded enrolled enrollments payments donated registered bookings booked "
    "complaint complaints cancelled canceled bestellt gekauft minutes seconds "
    "quantity units items reactivated renewed referral referred logins checkout"
)
AMOUNT_WORDS = words(
    "spend spent revenue sales amount total value gmv profit price turnover ltv income "
    "umsatz betrag preis summe montant chiffre importe ventas ingresos ingreso "
    "fatturato omzet выручка сумма net gross subtotal donation fee paid "
    "basket money eur usd gbp"
)
SURE_MONEY = words(
    "spend spent revenue sales gmv profit turnover umsatz umsätze montant importe "
    "ventas ingresos fatturato omzet выручка donation price amount betrag"
)
COUNTED = words("count number num visits sessions clicks views rounds orders total ads")
REFUND = words("refund refunded refunds returned_amount chargeback")
LEAVING = words(
    "churn churned unsub unsubscribed unsubscribe cancelled canceled cancel complaint "
    "complaints bounce bounced refund returned latency load error errors"
)
EVENT = words("event action activity type step eventname")
AFFIRMED = words("yes true converted clicked purchased bought success won retained y t")
EXPOSED = words(
    "exposed exposure assigned assignment first seen sent sending enrolled joined"
)


def tokens(name: str) -> frozenset[str]:
    """Words of a column's name in small letters.

    >>> sorted(tokens("visitorId")), sorted(tokens("Total spend [USD]"))
    (['id', 'visitor'], ['spend', 'total', 'usd'])
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^\w]|_", " ", name).lower()
    parts: set[str] = set()
    for part in spaced.split():
        known = part.removesuffix("id")
        parts |= {known, "id"} if known != part and known in PERSONS | ROW else {part}
    return frozenset(parts)


def plain_key(text: str, taken: Collection[str] = ()) -> str:
    """A key of the YAML for a name: small letters and underscores, not yet taken.

    >>> plain_key("No E-Mail"), plain_key("2nd", ["n_2nd"])
    ('no_e_mail', 'n_2nd_2')
    """
    key = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "x"
    key = key if key[0].isalpha() else f"n_{key}"
    if key in {"true", "false", "null", "yes", "no", "on", "off", "row", "y", "n"}:
        key = f"{key}_"
    number, free = 2, key
    while free in taken:
        free, number = f"{key}_{number}", number + 1
    return free


def arm_score(name: str, levels: Collection[str]) -> float:
    """How much a column looks like the arm: by its name and by its values."""
    named = tokens(name)
    of_arms = bool(named & ARM_NAMES) or plain_key(name).endswith(ARM_ENDINGS)
    score = 5.0 * of_arms + 3.0 * bool(named & LIKELY_ARM)
    score = min(score, 6.0)
    if named & ATTRIBUTE:
        score -= (
            4 if named & {"age", "income", "size", "product"} else 2 * (not of_arms)
        )
    if named & (OUTCOME | HISTORY) and not of_arms:
        score -= 4
    controls = [control_score(level, levels, name) for level in levels]
    if any(one >= 5 for one in controls):
        score += 5
    elif any(one == 4 for one in controls):
        score += 2
    plain = {level.strip().lower() for level in levels}
    if plain <= {"a", "b", "c", "d", "e"}:
        score += 3
    if any(tokens(level) & TREATED for level in levels):
        score += 2
    return score


def control_score(level: str, levels: Collection[str], column: str) -> float:
    """How much an arm looks like the control."""
    said, plain = tokens(level), level.strip().lower()
    inverted = bool(tokens(column) & (CONTROL - {"baseline"}))
    if said & CONTROL:
        return 5
    flags = {one.strip().lower() for one in levels}
    if flags <= {
        "0",
        "1",
        "true",
        "false",
        "yes",
        "no",
        "y",
        "n",
        "t",
        "f",
        "0.0",
        "1.0",
    }:
        is_yes = plain in {"1", "true", "yes", "y", "t", "1.0"}
        return 3.0 if is_yes == inverted else 0
    if said & NO_TREATMENT:
        return 4
    if plain == "a" and all(len(one.strip()) == 1 for one in levels):
        return 3
    return 0


def unit_name_score(name: str) -> float:
    """How much a column's name looks like that of the unit's id."""
    named = tokens(name)
    is_id = bool(named & IDENTIFIER)
    if named & PERSONS and (is_id or not named & NO_UNIT):
        return 6 if is_id or not named & {"device", "lead", "unit"} else 0
    if named & {"session"}:
        return 3
    if named & ROW:
        return 2 if is_id else 0
    if named & PLACE and is_id:
        return 4.5
    if named & NO_UNIT:
        return 0
    return 4 if is_id else 0


def row_id_score(name: str) -> float:
    """How much a column's name looks like the id of an order or another row."""
    named = tokens(name)
    if named & ROW and not named & PERSONS:
        return 2 if named & IDENTIFIER else 0.5
    return 1 if named <= IDENTIFIER else 0


def money_score(name: str) -> float:
    """How much a column's name looks like an amount of money."""
    named = tokens(name)
    joined = plain_key(name)
    if named & SURE_MONEY or any(word in joined for word in ("revenue", "sales")):
        return 3
    return 2 if named & AMOUNT_WORDS and not named & (COUNTED - {"total"}) else 0


def outcome_score(name: str) -> float:
    """How much a column's name looks like an outcome; below 0: known before."""
    named = tokens(name)
    if FEATURE.match(name.strip().lower()) or named & HISTORY:
        return -3
    score = 3.0 * bool(named & OUTCOME or money_score(name) >= 2)
    if named & ATTRIBUTE:
        score -= 2.5
    return score
