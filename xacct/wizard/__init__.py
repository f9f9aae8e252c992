"""
The wizard: questions as data, a walk through them, and the one module that reads a terminal.

``questions`` turns a blueprint's parameters and a grant's own keys into questions. ``flow`` is pure: from the
answers so far to the next question, forward or back. Answers are settings, as ``--set`` takes them, and are
checked by expanding the grant that they make, so a wrong one is told in the words that its file would earn.
``review`` lists the answers, asks one of them again, and tells what is missing. ``talk`` holds the
conversation with whatever ``Face`` it is given, ``knowledge`` looks up what can be picked from, and
``prompt`` reads lines. What is previewed, written and applied is for the caller.
"""
