"""
Policies and roles in, findings out.

``check_policy`` reads a document leniently, keeping every place, and asks each rule of the table
(``xacct.lint.rules``) what it objects to; ``check_role`` does so for a role with all of its policies. What a
finding means and which severity it has is the rule's to say; whether a grant may live with it is
``xacct.lint.accept``'s. Nothing here reads files or knows grants: who calls turns those into documents.
"""
