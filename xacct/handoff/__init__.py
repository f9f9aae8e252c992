"""
The handoff: what the trusted party needs, worked out from one expanded grant and nothing else.

``entry`` reads from the trust policy how the role is entered, whatever blueprint wrote it; ``make`` composes
the handoff for that way in: session length, profile, the caller's smallest policy, the console's link where
it can work, and snippets (``snippets`` for callers with AWS credentials, ``tokens`` for holders of a token,
``sign_in`` for people with SAML). Values in, values out; how it is shown is for ``render``.
"""
