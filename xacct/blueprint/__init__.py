"""
Grants and blueprints: from YAML files or options to the IAM things that they ask for.

A blueprint is a reusable way of giving access, a grant one use of it. Text becomes nodes that know their line
(``yaml_nodes``), nodes become a ``Grant`` (``grant_nodes``) or a ``Blueprint`` (``blueprint_nodes``), and
``expand`` types the grant's values by the blueprint, writes the trust policy, has ``xacct.lightsail`` write
the permissions, and answers with the desired things by account. Blueprints are data: nothing in them
executes. Whether the result is wise is for lint to say, what it changes for the plan.
"""
