"""Renders the page from templates. Its Content-Security-Policy allows only the page's own style and script."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cloudguard.formats.escaping import visible
from cloudguard.formats.html.heat import heat_of
from cloudguard.formats.html.sections import filters_of, sections_of
from cloudguard.formats.overview import worst_first
from cloudguard.formats.phrases import brief
from cloudguard.results.report import Report


def render(*reports: Report) -> str:
    """Return the page of one report, or of several, the worst first. Equal reports give equal text."""
    ordered = worst_first(reports)
    prefixes = [f"c{number}-" for number in range(1, len(ordered) + 1)] if len(ordered) > 1 else [""]
    clusters = [sections_of(report, prefix) for report, prefix in zip(ordered, prefixes, strict=True)]
    heat = heat_of(clusters)
    style, script = _text("style.css"), _text("filter.js")
    policy = f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
    policy += "base-uri 'none'; form-action 'none'"
    page = templates().get_template("page.html.j2")
    return page.render(
        policy=policy,
        style=Markup(style),  # noqa: S704 - a file of this package
        script=Markup(script),  # noqa: S704 - a file of this package
        title=heat.title if heat else ordered[0].cluster.name,
        clusters=clusters,
        heat=heat,
        filters=filters_of(clusters),
    )


def _hash(text: str) -> str:
    """Return the hash of a text in the notation of a Content-Security-Policy."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def templates() -> Environment:
    """Return the environment of the templates. It escapes every text, and raises an error for an undefined name."""
    environment = Environment(
        loader=PackageLoader("cloudguard.formats.html", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["brief"] = brief
    return environment


def _harmless(value: object) -> object:
    """Return a text with control and invisible characters escaped. Markup is returned as is: its texts are escaped."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _text(name: str) -> str:
    return files("cloudguard.formats.html").joinpath("templates", name).read_text("utf-8")
