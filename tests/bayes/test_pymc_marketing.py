"""BG/NBD beside pymc-marketing: the same customers, the same parameters."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest

from holdback.stats.lifetime.bg_nbd import BgNbd, OrderHistories

clv = pytest.importorskip(
    "pymc_marketing.clv", reason="pymc-marketing is an optional cross-check"
)
pytestmark = [pytest.mark.bayes, pytest.mark.real_data]


def test_orders_of_cdnow(shared: Path) -> None:
    """Flat priors on the log scale of both: its mode is our maximum."""
    import pandas as pd
    from pymc_extras.prior import Prior

    file = (
        shared / "data" / "cdnow" / "cdnow_customers_summary_with_transactions.csv.gz"
    )
    with gzip.open(file, "rt") as rows:
        names = ("x", "t_x", "T")
        read = [[float(row[name]) for name in names] for row in csv.DictReader(rows)]
    frame = pd.DataFrame(read, columns=["frequency", "recency", "T"])
    frame["customer_id"] = np.arange(len(frame))
    flat = {name: Prior("HalfFlat") for name in ("alpha", "r", "a", "b")}
    model = clv.BetaGeoModel(model_config=flat)
    model.fit(frame, method="map", progressbar=False)
    found = BgNbd.fit(OrderHistories.of(*np.array(read).T))
    for name in ("r", "alpha", "a", "b"):
        theirs = float(model.idata.posterior[name].mean())
        assert getattr(found, name) == pytest.approx(theirs, rel=5e-3)
