"""
Values in, text out: for a terminal, as JSON, Markdown or HTML.

Renderers compute nothing and look at nothing but what they are given: width and colour are arguments. No
meaning is carried by colour alone.
"""
