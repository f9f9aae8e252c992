"""
How access works here: for a grant, a blueprint, a service, one action, or in general; roles against
resource-based policies.

In goes an expanded grant; out comes an ``Explanation``: sections of text, tables, steps and a picture, as
values. What can be computed is: the path of a request and every "denied without …" come from the evaluator,
who may do what from the access delta, the reason of each line from the blueprint and the statements'
writer, what outlives the role from the catalog. What AWS's documentation says is data with the page that
says it (``facts``, ``services``, ``sources``). Sentences are templates over both: the same input gives the
same text.

``grants`` puts the parts together; ``case`` is one grant with one request that passes. Renderers turn the
result into text, Markdown, HTML and JSON.
"""

from xacct.explain.grants import explain_blueprint, explain_general, explain_grant
from xacct.explain.model import Explanation

__all__ = ["Explanation", "explain_blueprint", "explain_general", "explain_grant"]
