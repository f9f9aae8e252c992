"""The text that a blueprint of one's own starts from."""

from __future__ import annotations

from xacct.blueprint.blueprint_nodes import check_blueprint_name

__all__ = ["starter_blueprint"]

_TEXT = """\
# A blueprint is data: what it asks for, and the trust policy that it makes of the answers.
# `xacct blueprints show NAME` shows it as others see it; docs/reference/blueprint.md has every key.
name: NAME
title: A partner's account
summary: One or two sentences on who gets access, and how.
intent: vendor                    # or another-account, ci, people, colleague: where `xacct new` offers it

# Questions, asked in this order. Each may refer to those above it.
parameters:
  trusted_account:
    type: account-id              # docs/reference/blueprint.md lists the types
    prompt: The partner's AWS account ID
    help: Why it is asked, and what a good answer is.
    required: true
    other_than: "{{account}}"     # the account that owns the resources
    examples: ["444455556666"]
  external_id:
    type: external-id
    prompt: The external ID that the partner gave you
    required: true
    examples: [1b9f3f0e-6a6c-4f0e-9d55-0c2d8b7b7a11]
  office_hours_network:
    type: text
    prompt: The network that the partner calls from
    pattern: "[0-9./]+"
    pattern_help: an address range such as 192.0.2.0/24
    advanced: true                # behind "more options"

# The trust policy. A condition without a value is refused, never left out: say `when` where it may be absent.
trust:
  - Sid: PartnerAssumesRole
    why: Every line says why it is there; `xacct explain` shows it.
    Principal: {AWS: "arn:{{partition}}:iam::{{trusted_account}}:root"}
    Action: sts:AssumeRole
    conditions:
      - operator: StringEquals
        key: sts:ExternalId
        values: "{{external_id}}"
        why: Keeps another customer of the partner from having it open your role.
      - operator: IpAddress
        key: aws:SourceIp
        values: "{{office_hours_network}}"
        when: {office_hours_network: {set: true}}
        why: Only from this network.

# What the trusted party should know; `xacct handoff` shows it.
handoff:
  - Send the external ID with every call of AssumeRole.
"""


def starter_blueprint(name: str) -> str:
    """Give the text of a new blueprint, with comments. Raises InputError for a name that is none."""
    return _TEXT.replace("name: NAME", f"name: {check_blueprint_name(name)}", 1)
