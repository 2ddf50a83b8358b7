"""Where the numbers come from: configuration, inputs, versions, how to run it again."""

from __future__ import annotations

import json

from markupsafe import Markup, escape

from holdback.reports.blocks.block import blocks
from holdback.reports.html import folded, named, section, table
from holdback.reports.text.catalog import heads, say
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard

__all__ = ["render"]

SHOWN = 16
SHORT = (",", ":")


@blocks.register("provenance", sheet="provenance", order=30, shows_results=False)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """Inputs with their hashes, the resolved configuration, the command."""
    rows = [
        (
            named(i.source),
            words.count(i.rows),
            Markup("<code>{}</code>").format(i.sha256 or say("provenance.no_file")),
        )
        for i in scorecard.inputs
    ]
    configuration = "\n".join(
        f"{key}: {json.dumps(value, ensure_ascii=False, separators=SHORT)}"
        for key, value in scorecard.configuration.items()
    )
    versions = ", ".join(f"{n} {v}" for n, v in sorted(scorecard.versions.items()))
    return section(
        say("provenance.title"),
        Markup("<p>{}</p><pre><code>{}</code></pre>").format(
            say("provenance.again"), scorecard.command
        ),
        folded(
            say("provenance.inputs"),
            table(
                say("provenance.caption"),
                heads("provenance.head"),
                rows,
                numeric=(1,),
                css="hashes",
            ),
            Markup('<p class="small">{}</p>').format(
                say(
                    "provenance.plan",
                    plan=scorecard.plan_hash[:SHOWN],
                    seed=scorecard.seed,
                    versions=versions,
                )
            ),
            css="more",
        ),
        folded(
            say("provenance.configuration"),
            Markup("<pre><code>{}</code></pre>").format(
                Markup(
                    str(escape(configuration)).replace("&#34;", '"')
                )  # in no attribute
            ),
        ),
        anchor="again",
    )
