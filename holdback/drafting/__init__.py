"""A first draft of an experiment, guessed from files that nobody has described yet.

Read `names` (what columns' names say), `roles` (which column is what), `metrics`
(what is measured) and `draft` (the YAML, each guess with its reason beside it).
"""

from __future__ import annotations
