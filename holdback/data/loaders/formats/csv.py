"""CSV files: read strictly and as text; ids stay what they are."""

from __future__ import annotations

from collections.abc import Collection

from holdback.data.engine import Table
from holdback.data.loaders.csv_files import csv_table
from holdback.data.loaders.csv_text import CsvForm
from holdback.data.loaders.loader import Loader, kinds
from holdback.data.loaders.store import Store
from holdback.experiments.language.number_forms import NUMBER_FORMS
from holdback.experiments.sources.csv import CsvSource

__all__ = ["CsvLoader"]


@kinds.register("csv")
class CsvLoader(Loader[CsvSource]):
    """Files with one header line each."""

    def load(self, store: Store, wanted: Collection[str] | None) -> Table:
        """The rows as text in the embedded engine."""
        roles = self.source.columns
        form = CsvForm(
            source=self.source.name,
            root=store.root,
            delimiter=self.source.delimiter,
            encoding=self.source.encoding,
            header=self.source.header,
            roles=roles.named,
            keys=tuple(n for n in roles.named if n in {roles.unit, roles.time}),
        )
        numbers = self.source.numbers
        return csv_table(
            store,
            self.source.path,
            form,
            decimal=NUMBER_FORMS[numbers].decimal if numbers else self.source.decimal,
            wanted=wanted,
        )
