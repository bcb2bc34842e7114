"""One question to an OpenAI-compatible chat endpoint."""

from __future__ import annotations

import json

from retail.http import post_json
from retail.outputs.rewrite.guard import Masked, RefusedError
from retail.outputs.rewrite.settings import Settings

TASK = """\
You edit short business reports for busy readers. Rewrite the user's paragraph in plain, fluent \
English.
Every placeholder, such as [3], stands for a figure, a date, a code or a name. Keep each exactly \
once, spelled as it is, and in the order they come in. Add no figure, no fact, no judgement and no \
formatting; spell out no number. Keep what is said of each placeholder. Keep the names of \
indicators, such as Return rate. Answer with the paragraph alone."""


def ask(settings: Settings, masked: Masked) -> str:
    """What the endpoint makes of a story with placeholders.

    Raises:
        PostError: nobody answers, or the answer is a refusal.
        RefusedError: the answer is not of the form that was asked for.
    """
    body = {
        "model": settings.model,
        "temperature": 0,
        "messages": [
            {"role": "system", "content": TASK},
            {"role": "user", "content": masked.text},
        ],
    }
    headers = {"Authorization": f"Bearer {settings.key}"} if settings.key else {}
    return _content(post_json(settings.address, body, settings.timeout, headers))


def _content(answer: bytes) -> str:
    try:
        content = json.loads(answer)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise RefusedError("the answer is not of the form that chat endpoints give") from None
    if not isinstance(content, str):
        raise RefusedError("the answer is not of the form that chat endpoints give")
    return content
