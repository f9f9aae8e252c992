"""The drawing of the trust: every name stands in it whole, on lines that fit."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.explain.model import Box, Node, Picture
from xacct.render.explain_svg import picture_svg


def drawn(name: str) -> list[str]:
    """The lines on which a node's name is drawn."""
    picture = Picture((Box("account", (Node("a", "who", (name,)),)),), (), "")
    return [unescape(text) for text in re.findall(r'class="small"[^>]*>([^<]*)<', str(picture_svg(picture)))]


@settings(deadline=None)
@given(st.text("ab:/-", min_size=1, max_size=300))
def test_a_long_name_is_folded_and_nothing_of_it_is_lost(name: str) -> None:
    lines = drawn(name)
    assert "".join(lines) == name
    assert all(len(line) <= 50 for line in lines)


def test_an_arn_breaks_after_a_slash() -> None:
    provider = "arn:aws:iam::111122223333:saml-provider/"
    assert drawn(f"{provider}company-identity-provider") == [provider, "company-identity-provider"]
