"""Where the numbers come from: configuration, inputs, versions, how to run it again."""

from __future__ import annotations

import json

from markupsafe import Markup

from holdback.experiments.scorecard import Scorecard
from holdback.reports.blocks import named, section, table
from holdback.reports.phrases import AGAIN
from holdback.reports.words import Words

__all__ = ["render"]

SHOWN = 16


def render(scorecard: Scorecard, words: Words) -> Markup:
    """Inputs with their hashes, the resolved configuration, the command."""
    rows = [
        (
            named(i.source),
            words.count(i.rows),
            Markup("<code>{}</code>").format(i.sha256 or "no file"),
        )
        for i in scorecard.inputs
    ]
    configuration = json.dumps(
        scorecard.configuration, indent=2, ensure_ascii=False, sort_keys=False
    )
    versions = ", ".join(f"{n} {v}" for n, v in sorted(scorecard.versions.items()))
    return section(
        "Run it again",
        Markup("<p>{}</p><pre><code>{}</code></pre>").format(AGAIN, scorecard.command),
        Markup(
            "<details><summary>Inputs and versions</summary>{}"
            '<p class="small">{}</p></details>'
        ).format(
            table(
                "Inputs",
                ("Source", "Rows", "SHA-256"),
                rows,
                numeric=(1,),
                css="hashes",
            ),
            f"Plan {scorecard.plan_hash[:SHOWN]}, seed {scorecard.seed}, {versions}.",
        ),
        Markup(
            "<details><summary>Configuration with all defaults</summary>"
            "<pre><code>{}</code></pre></details>"
        ).format(configuration),
        anchor="again",
    )
