"""The register of codes: which function turns which fact into words.

Files of sentences register here; `telling` looks up. It knows none of them.
"""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["SENTENCES", "Tell", "tells"]

Tell = Callable[..., str]
SENTENCES: dict[str, Tell] = {}
"""Code → a function of `Words` and the fact's numbers, by name."""


def tells(code: str) -> Callable[[Tell], Tell]:
    """Register the sentence of a code.

    Raises ValueError where the code has a sentence already.
    """

    def registered(sentence: Tell) -> Tell:
        if code in SENTENCES:
            raise ValueError(f"Two sentences are registered for the code {code!r}.")
        SENTENCES[code] = sentence
        return sentence

    return registered
