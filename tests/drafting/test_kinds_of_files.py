"""Files of thirty kinds: one `init`, one `analyze`, no edit, and the right numbers.

One small test is written out in each of the forms that people have it in. Every form
says the same, so that the units and means of both arms, counted by pandas from the
rows that it was written from, must come out of each.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import holdback as hb
from holdback.cli.main import run
from holdback.data.extraction.extract import extract
from holdback.experiments.load import load

Files = Mapping[str, bytes]
UNITS = 240


def world() -> pd.DataFrame:
    """One row a customer: arm, when seen, what was known before, what was done."""
    draw = np.random.default_rng(11)
    arm = np.where(draw.random(UNITS) < 0.5, "control", "treatment")
    bought = draw.random(UNITS) < np.where(arm == "control", 0.3, 0.4)
    minutes = draw.integers(0, 20 * 1440, UNITS)
    return pd.DataFrame(
        {
            "customer_id": [f"c{i:05d}" for i in range(UNITS)],
            "group": arm,
            "exposed_at": pd.Timestamp("2026-03-02") + pd.to_timedelta(minutes, "min"),
            "device": draw.choice(["mobile", "desktop"], UNITS),
            "past_spend": draw.gamma(2, 20, UNITS).round(2),
            "converted": bought.astype(int),
            "revenue": np.where(bought, draw.gamma(2, 700, UNITS).round(2), 0.0),
        }
    )


WORLD = world()


def csv(frame: pd.DataFrame, **options: Any) -> bytes:
    """A frame as the text of a CSV file."""
    return frame.to_csv(index=False, **options).encode()


def written(amount: float, mark: str, group: str) -> str:
    """An amount with a mark before decimals and one between thousands."""
    text = f"{amount:,.2f}"
    return text.translate(str.maketrans({",": group, ".": mark}))


def orders(frame: pd.DataFrame) -> pd.DataFrame:
    """The revenue of each customer as two orders in the month after the exposure."""
    rows = []
    for unit, at, total in zip(
        frame.customer_id, frame.exposed_at, frame.revenue, strict=True
    ):
        if total:
            first = round(total / 3, 2)
            for part, days in ((first, 1), (round(total - first, 2), 9)):
                rows.append((unit, at + pd.Timedelta(days=days, minutes=5), part))
    made = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "total"])
    made.insert(0, "order_id", [f"o{i}" for i in range(len(made))])
    return made


def renamed(arms: Mapping[str, object], **columns: str) -> pd.DataFrame:
    """The world with other names of arms and columns."""
    frame = WORLD.assign(group=WORLD.group.map(arms))
    return frame.rename(columns=columns)


def log() -> pd.DataFrame:
    """Events: one seen, and one of each order."""
    seen = WORLD[["customer_id", "group", "exposed_at"]].rename(
        columns={"exposed_at": "timestamp"}
    )
    seen = seen.assign(event_name="seen", amount="")
    bought = orders(WORLD).merge(WORLD[["customer_id", "group"]], on="customer_id")
    bought = bought.rename(columns={"ordered_at": "timestamp", "total": "amount"})
    bought = bought.assign(event_name="purchase").drop(columns="order_id")
    return pd.concat([seen, bought]).sort_values(["timestamp", "customer_id"])


def texts(mark: str, group: str, before: str = "", after: str = "") -> pd.DataFrame:
    """Amounts as a spreadsheet shows them."""

    def shown(amount: float) -> str:
        return before + written(amount, mark, group) + after

    return WORLD.assign(
        revenue=WORLD.revenue.map(shown), past_spend=WORLD.past_spend.map(shown)
    )


def days(pattern: str) -> bytes:
    """The first orders' days, and the exposures', written in an order of one's own."""
    return csv(WORLD.assign(exposed_at=WORLD.exposed_at.dt.strftime(pattern)))


def parquet(frame: pd.DataFrame, folder: Path) -> bytes:
    """A frame as a Parquet file."""
    frame.to_parquet(folder / "x.parquet")
    content = (folder / "x.parquet").read_bytes()
    (folder / "x.parquet").unlink()
    return content


FLAG = {"control": 0, "treatment": 1}
KINDS: dict[str, Callable[[Path], Files]] = {
    "plain": lambda _: {"test.csv": csv(WORLD)},
    "gzip": lambda _: {"test.csv.gz": gzip.compress(csv(WORLD))},
    "tabs": lambda _: {"test.tsv": csv(WORLD, sep="\t")},
    "pipes": lambda _: {"test.txt": csv(WORLD, sep="|")},
    "excel-de": lambda _: {"test.csv": csv(WORLD, sep=";", decimal=",")},
    "excel-de-bom": lambda _: {
        "test.csv": b"\xef\xbb\xbf" + csv(texts(",", "."), sep=";")
    },
    "sep-line": lambda _: {"test.csv": b"sep=;\r\n" + csv(WORLD, sep=";")},
    "titles-above": lambda _: {
        "test.csv": b"Export of 1 April\n\n" + csv(WORLD),
    },
    "utf-16": lambda _: {"test.csv": csv(WORLD, sep="\t").decode().encode("utf-16")},
    "cp1252": lambda _: {
        "test.csv": csv(WORLD.assign(device=WORLD.device + " ö"))
        .decode()
        .encode("cp1252")
    },
    "dollars": lambda _: {"test.csv": csv(texts(".", ",", before="$"))},
    "euros-behind": lambda _: {"test.csv": csv(texts(",", ".", after=" €"), sep=";")},
    "french": lambda _: {"test.csv": csv(texts(",", "\u202f"), sep=";")},
    "swiss": lambda _: {"test.csv": csv(texts(".", "'"))},
    "day-first": lambda _: {"test.csv": days("%d/%m/%Y %H:%M")},
    "month-first": lambda _: {"test.csv": days("%m/%d/%y %I:%M %p")},
    "dots": lambda _: {"test.csv": days("%d.%m.%Y")},
    "epoch": lambda _: {
        "test.csv": csv(
            WORLD.assign(
                timestamp=WORLD.exposed_at.astype("datetime64[s]").astype("int64")
            ).drop(columns="exposed_at")
        )
    },
    "no-times": lambda _: {"test.csv": csv(WORLD.drop(columns="exposed_at"))},
    "no-ids": lambda _: {
        "test.csv": csv(WORLD.drop(columns=["customer_id", "exposed_at"]))
    },
    "pandas-index": lambda _: {
        "test.csv": WORLD.drop(columns="customer_id").to_csv().encode()
    },
    "letters": lambda _: {
        "test.csv": csv(renamed({"control": "A", "treatment": "B"}, group="variant"))
    },
    "flag": lambda _: {"test.csv": csv(renamed(FLAG, group="treatment"))},
    "flag-of-control": lambda _: {
        "test.csv": csv(renamed({"control": 1, "treatment": 0}, group="is_holdout"))
    },
    "bools": lambda _: {
        "test.csv": csv(
            renamed({"control": False, "treatment": True}, group="treated").assign(
                converted=WORLD.converted.astype(bool)
            )
        )
    },
    "yes-no": lambda _: {
        "test.csv": csv(
            WORLD.assign(converted=WORLD.converted.map(["no", "yes"].__getitem__))
        )
    },
    "blank-is-no": lambda _: {
        "test.csv": csv(
            WORLD.assign(converted=WORLD.converted.map(["", "1"].__getitem__))
        )
    },
    "no-e-mail": lambda _: {
        "test.csv": csv(
            renamed(
                {"control": "No E-Mail", "treatment": "Mens E-Mail"}, group="segment"
            )
        )
    },
    "ctl": lambda _: {
        "test.csv": csv(renamed({"control": "ctl", "treatment": "test"}, group="cell"))
    },
    "odd-names": lambda _: {
        "test.csv": csv(
            WORLD.rename(
                columns={
                    "customer_id": "Customer ID",
                    "group": "Test Group",
                    "exposed_at": "Date first seen",
                    "past_spend": "Spend (prior 12m)",
                    "converted": "Converted?",
                    "revenue": "Revenue [USD]",
                }
            )
        )
    },
    "german": lambda _: {
        "test.csv": csv(
            renamed(
                {"control": "Kontrolle", "treatment": "Neu"},
                group="Gruppe",
                customer_id="Kundennummer",
                exposed_at="Datum",
                device="Gerät",
                past_spend="Umsatz vorher",
                converted="Gekauft",
                revenue="Umsatz",
            ),
            sep=";",
            decimal=",",
        )
    },
    "unknown-arms": lambda _: {
        "test.csv": csv(
            pd.concat(
                [
                    WORLD,
                    WORLD.head(9).assign(
                        customer_id=[f"x{i}" for i in range(9)], group="(not set)"
                    ),
                ]
            )
        )
    },
    "parquet": lambda folder: {"test.parquet": parquet(WORLD, folder)},
    "two-files": lambda _: {
        "exposures.csv": csv(WORLD.drop(columns=["converted", "revenue"])),
        "orders.csv": csv(orders(WORLD)),
    },
    "two-files-other-names": lambda _: {
        "visitors.csv": csv(
            WORLD[["customer_id", "group"]].rename(columns={"customer_id": "uid"})
        ),
        "sales.csv": csv(
            orders(WORLD).rename(columns={"customer_id": "buyer", "total": "Amount"}),
            sep=";",
        ),
    },
    "orders-in-parts": lambda _: {
        "exposures.csv": csv(WORLD.drop(columns=["converted", "revenue"])),
        "orders_1.csv": csv(orders(WORLD).head(70)),
        "orders_2.csv": csv(orders(WORLD).iloc[70:]),
    },
    "event-log-arm-once": lambda _: {
        "events.csv": csv(
            log().assign(group=lambda f: f.group.where(f.event_name == "seen", ""))
        )
    },
    "event-log": lambda _: {"events.csv": csv(log())},
    "user-days": lambda _: {
        "days.csv": csv(
            pd.concat(
                [
                    WORLD[["customer_id", "group"]].assign(
                        date=pd.Timestamp("2026-03-02") + pd.Timedelta(days=d),
                        revenue=(WORLD.revenue * share).round(4),
                    )
                    for d, share in enumerate((0.1, 0, 0.4, 0.5))
                ]
            )
        )
    },
}
CONVERSION = {"converted", "conversion", "purchase", "gekauft"}
REVENUE = {
    "revenue",
    "revenue_usd",
    "umsatz",
    "amount",
    "revenue_per_customer",
    "revenue_per_unit",
}


@pytest.mark.parametrize("kind", KINDS)
def test_init_against_pandas(
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Units and means of both arms are those of the rows behind the files."""
    files = KINDS[kind](tmp_path)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    assert run(["init", *files, "-o", "test.yaml"]) == 0, capsys.readouterr().err
    experiment = load("test.yaml")
    cells = extract(experiment).cells
    arms = {arm.control: arm.name for arm in experiment.arms}
    seen = 0
    for control, rows in WORLD.groupby(WORLD.group == "control"):
        arm = arms[bool(control)]
        for metric in experiment.metrics.values():
            if metric.name in CONVERSION | REVENUE and metric.outcome is not None:
                column = "converted" if metric.name in CONVERSION else "revenue"
                moments = cells.total(metric.name, [arm], within=metric.within)
                assert moments.n == len(rows)
                mean = moments.sums[0] / 10 ** moments.digits[0] / moments.n
                assert mean == pytest.approx(rows[column].mean(), rel=1e-5), metric
                seen += 1
    assert seen >= 2


def test_one_file_to_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`init` and `analyze` without an edit give the lift of the rows."""
    (tmp_path / "test.csv").write_bytes(csv(WORLD))
    monkeypatch.chdir(tmp_path)
    assert run(["init", "-q", "test.csv"]) == 0
    assert run(["analyze", "-q", "test.yaml"]) == 0
    readout = hb.analyze("test.yaml").scorecard.readout("converted")
    control, treated = (
        WORLD.converted[WORLD.group == arm].mean() for arm in ("control", "treatment")
    )
    assert readout.relative is not None
    assert readout.relative.value == pytest.approx(treated / control - 1)
    assert (tmp_path / "results" / "test" / "report.html").is_file()
