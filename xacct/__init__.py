"""
xacct provisions cross-account IAM roles for Amazon Lightsail.

A grant (who, which access) and a blueprint (how) are composed into the desired IAM things; these are
compared with what the account holds; the difference is a plan, with the access that changes; a plan is
rendered for review or applied. ``docs/architecture.md`` draws the map.
"""

__version__ = "0.1.0"
