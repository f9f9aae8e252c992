"""
Lightsail, as far as permissions go.

In comes what a grant asks for (a permission set, single actions, limits by resource, tag and Region); out
come statements that give exactly that and fit IAM's sizes, with a word about every action that a limit cannot
reach.
``catalog`` holds what is known of the actions, ``sets`` the bundles, ``resources`` checks ARNs, ``writing``
writes statements and ``fitting`` lays them out in policies. Who may assume the role is for others.
"""
