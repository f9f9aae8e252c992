"""Choosing, before there is a grant: a decision path in words."""

from __future__ import annotations

from xacct.explain.contrast import general_contrast
from xacct.explain.facts import choices, mechanics, newer_ways
from xacct.explain.model import Explanation, Grid, Points, Row, Section, Text
from xacct.explain.services import services_in_short

__all__ = ["general_explanation"]


def general_explanation() -> Explanation:
    """What ``xacct explain`` says without a grant."""
    rows = tuple(Row((one.question, one.answer, one.way), source=one.source) for one in choices())
    return Explanation(
        about="general",
        name="",
        title="Access from outside: which way fits?",
        lead=(
            "Lightsail has no resource-based policies. As a rule access from outside the account goes through"
            " a role; a bucket's objects can be opened in other ways too."
        ),
        sections=(
            Section(
                "path",
                "Choosing, question by question",
                (
                    Text("Take the first that fits."),
                    Grid("The decision path", ("The question", "The answer", "The way"), rows),
                ),
            ),
            Section("role", "How a role works", (Points(mechanics()),)),
            general_contrast(),
            Section("newer", "Newer ways of AWS", (Points(tuple(newer_ways().values())),)),
            services_in_short(),
        ),
    )
