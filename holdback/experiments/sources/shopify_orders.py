"""Orders as a Shopify shop exports them: one row a line, here one row an order."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.experiments.kinds.source import Columns, Source, kinds
from holdback.experiments.language.expression import Expression, parse

__all__ = ["ShopifyOrdersSource"]

SHOPIFY_COLUMNS = Columns(unit="email", time="created_at", id="name")
COUNTING = parse(
    "cancelled_at is null and financial_status not in ('voided', 'expired')"
)


@kinds.register("shopify_orders")
@dataclass(frozen=True, slots=True, kw_only=True)
class ShopifyOrdersSource(Source):
    """A CSV export of orders, or a glob of them.

    Columns are the export's own in snake case (``Refunded Amount`` is
    `refunded_amount`), without those of the line items; `email` is trimmed and in small
    letters, and `email_sha256` its hash. Cancelled, voided and expired orders do not
    count unless `where` says so.
    """

    path: str
    columns: Columns = SHOPIFY_COLUMNS
    where: Expression | None = COUNTING
    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    note_attributes: tuple[str, ...] = ()
