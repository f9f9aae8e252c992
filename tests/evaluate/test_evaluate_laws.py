"""Laws that hold for every request and every set of policies."""

from __future__ import annotations

import itertools
import json
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from xacct.evaluate import Decision, Outcome, Policies, Request, compile_policies
from xacct.evaluate.cases import answer_line
from xacct.iam import PolicyDocument

OWN = "111122223333"
OTHER = "444455556666"
ROLE = f"arn:aws:iam::{OWN}:role/backup"
BUCKET = "arn:aws:s3:::pail/key"
PRINCIPALS = [
    f"arn:aws:iam::{OWN}:user/ana",
    f"arn:aws:iam::{OTHER}:user/ana",
    f"arn:aws:sts::{OWN}:assumed-role/ops/ana",
    f"arn:aws:sts::{OTHER}:assumed-role/ops/ana",
    f"arn:aws:sts::{OWN}:federated-user/ana",
    f"arn:aws:iam::{OWN}:role/team/ops",
    f"arn:aws:iam::{OWN}:root",
    f"arn:aws:iam::{OWN}:saml-provider/corp",
    "lambda.amazonaws.com",
]
LISTED = [
    *PRINCIPALS[:7],
    OWN,
    OTHER,
    f"arn:aws:iam::{OTHER}:root",
    f"arn:aws:iam::{OWN}:role/ops",
    "AROAABCDEFGHIJKLMNOPQ",
    "*",
]
ACTIONS = ["sts:AssumeRole", "sts:TagSession", "s3:GetObject"]
ACTION_PATTERNS = ["*", "sts:*", "STS:assumerole", "sts:TagSession", "s3:Get*", "s3:?etObject", "ec2:*"]
RESOURCE_PATTERNS = [
    "*",
    ROLE,
    f"arn:aws:iam::{OWN}:role/*",
    "arn:aws:s3:::pail/*",
    "arn:aws:s3:::${aws:username}/key",
]
VALUES = [
    "a",
    "b",
    "a*",
    "true",
    "5",
    "2026-01-01",
    "203.0.113.0/24",
    "203.0.113.7",
    "${aws:username}",
    "pail",
    "AROAABCDEFGHIJKLMNOPQ:x",
]
KEYS = ["aws:username", "aws:TagKeys", "aws:userid", "sts:ExternalId"]
OPERATORS = [
    *(
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringNotLike",
        "StringEqualsIgnoreCase",
        "Bool",
        "Null",
    ),
    *(
        "NumericLessThan",
        "NumericNotEquals",
        "DateGreaterThan",
        "IpAddress",
        "NotIpAddress",
        "ArnLike",
        "ArnNotLike",
    ),
    *(
        "StringEqualsIfExists",
        "StringNotEqualsIfExists",
        "ForAllValues:StringEquals",
        "ForAnyValue:StringLike",
    ),
    *("ForAllValues:StringNotEquals", "ForAnyValue:StringNotEquals", "ForAnyValue:StringEqualsIfExists"),
]


def some_of(values: list[str], most: int = 2) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most)


@st.composite
def statements(draw: st.DrawFn, side: str, effect: str | None = None) -> dict[str, Any]:
    effect = effect or draw(st.sampled_from(["Allow", "Allow", "Deny"]))
    raw: dict[str, Any] = {"Effect": effect}
    if side != "own":
        name = draw(st.sampled_from(["Principal", "Principal", "Principal", "NotPrincipal"]))
        kinds = st.sampled_from(["*", "AWS", "AWS", "Service", "Federated"])
        match draw(kinds):
            case "*":
                raw[name] = "*"
            case "AWS":
                raw[name] = {"AWS": draw(some_of(LISTED, 3))}
            case "Service":
                raw[name] = {"Service": "lambda.amazonaws.com"}
            case kind:
                raw[name] = {kind: PRINCIPALS[7]}
    raw[draw(st.sampled_from(["Action", "Action", "NotAction"]))] = draw(some_of(ACTION_PATTERNS))
    if side != "trust":
        raw[draw(st.sampled_from(["Resource", "Resource", "NotResource"]))] = draw(some_of(RESOURCE_PATTERNS))
    if draw(st.booleans()):
        lines = st.dictionaries(st.sampled_from(KEYS), some_of(VALUES), min_size=1, max_size=2)
        raw["Condition"] = draw(st.dictionaries(st.sampled_from(OPERATORS), lines, min_size=1, max_size=2))
    return raw


@st.composite
def documents(draw: st.DrawFn, side: str) -> dict[str, Any]:
    version = draw(st.sampled_from(["2012-10-17", "2012-10-17", "2008-10-17"]))
    return {"Version": version, "Statement": draw(st.lists(statements(side), min_size=1, max_size=3))}


contexts = st.fixed_dictionaries(
    {},
    optional={
        "aws:username": st.sampled_from(["a", "pail", "*"]),
        "aws:TagKeys": st.lists(st.sampled_from(["a", "b", "c"]), max_size=2),
        "aws:userid": st.just("AROAABCDEFGHIJKLMNOPQ:x"),
        "sts:ExternalId": st.sampled_from(["a", "5", "true", "203.0.113.7", "2026-06-01T00:00:00Z", ""]),
    },
)


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    action = draw(st.sampled_from(ACTIONS))
    trust = action.startswith("sts:")
    own = documents("own")
    return {
        "id": "x",
        "principal": draw(st.sampled_from(PRINCIPALS)),
        "action": action,
        "resource": ROLE if trust else BUCKET,
        "resource_account": OWN,
        "context": draw(contexts),
        "identity_policies": draw(st.lists(own, max_size=2)),
        "resource_policy": draw(st.none() | documents("trust" if trust else "resource")),
        "boundary": draw(st.none() | st.lists(own, min_size=1, max_size=1)),
        "scps": draw(st.none() | st.lists(st.lists(own, min_size=1, max_size=2), min_size=1, max_size=2)),
        "rcps": draw(st.none() | st.lists(st.lists(documents("resource"), max_size=1), max_size=1)),
        "session_policy": draw(st.none() | own),
    }


def decide(case: dict[str, Any]) -> str:
    return answer_line(json.dumps(case))["decision"]


def all_documents(case: dict[str, Any]) -> list[dict[str, Any]]:
    found = [
        *case["identity_policies"],
        *(case["boundary"] or []),
        case["resource_policy"],
        case["session_policy"],
    ]
    found.extend(document for level in [*(case["scps"] or []), *(case["rcps"] or [])] for document in level)
    return [document for document in found if document is not None]


def side_of(case: dict[str, Any], document: dict[str, Any]) -> str:
    if document is case["resource_policy"]:
        return "trust" if case["action"].startswith("sts:") else "resource"
    return "resource" if any(document in level for level in case["rcps"] or []) else "own"


def widened(data: st.DataObject, case: dict[str, Any], effect: str) -> dict[str, Any] | None:
    """The case with one more statement of an effect somewhere; None when it has no document."""
    changed = json.loads(json.dumps(case))
    found = all_documents(changed)
    if not found:
        return None
    document = data.draw(st.sampled_from(found))
    document["Statement"].append(data.draw(statements(side_of(changed, document), effect)))
    return changed


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_one_more_deny_never_opens_anything(data: st.DataObject) -> None:
    case = data.draw(cases())
    changed = widened(data, case, "Deny")
    if changed is not None and decide(changed) == "allowed":
        assert decide(case) == "allowed"


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_one_more_allow_never_closes_anything(data: st.DataObject) -> None:
    case = data.draw(cases())
    changed = widened(data, case, "Allow")
    if changed is not None:
        before, after = decide(case), decide(changed)
        assert before == after or (before, after) == ("implicitly_denied", "allowed")


def swap_case(text: str) -> str:
    return text.swapcase()


def reshaped(data: st.DataObject, document: dict[str, Any]) -> dict[str, Any]:
    """The same document in another order and form."""
    out = []
    for statement in data.draw(st.permutations(document["Statement"])):
        raw: dict[str, Any] = {}
        for key in data.draw(st.permutations(sorted(statement))):
            value = statement[key]
            if key in ("Action", "NotAction"):
                value = [swap_case(text) for text in reversed(value)]
            elif key in ("Resource", "NotResource"):
                value = value[0] if len(value) == 1 else list(reversed(value))
            elif key == "Condition":
                value = {
                    swap_case(operator): {
                        swap_case(name): list(reversed(texts)) for name, texts in lines.items()
                    }
                    for operator, lines in reversed(value.items())
                }
            elif value == "*":
                value = {"AWS": "*"}
            raw[key] = value
        out.append(raw)
    return {"Statement": out if len(out) > 1 else out[0], "Version": document["Version"]}


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_order_form_and_case_never_matter(data: st.DataObject) -> None:
    case = data.draw(cases())
    changed = dict(case)
    changed["action"] = swap_case(case["action"])
    changed["context"] = {swap_case(key): value for key, value in case["context"].items()}
    for field in ("identity_policies", "boundary"):
        if case[field] is not None:
            changed[field] = [reshaped(data, document) for document in reversed(case[field])]
    for field in ("scps", "rcps"):
        if case[field] is not None:
            changed[field] = [
                [reshaped(data, document) for document in reversed(level)] for level in case[field]
            ]
    for field in ("resource_policy", "session_policy"):
        if case[field] is not None:
            changed[field] = reshaped(data, case[field])
    assert decide(changed) == decide(case)


def as_values(case: dict[str, Any]) -> tuple[Request, Policies]:
    read = PolicyDocument.from_json
    levels = {
        name: None if case[name] is None else [[read(document) for document in level] for level in case[name]]
        for name in ("scps", "rcps")
    }
    return (
        Request(
            principal=case["principal"],
            action=case["action"],
            resource=case["resource"],
            resource_account=case["resource_account"],
            context=case["context"],
            partial=case.get("partial", False),
        ),
        Policies(
            identity=[read(document) for document in case["identity_policies"]],
            resource=None if case["resource_policy"] is None else read(case["resource_policy"]),
            boundary=None if case["boundary"] is None else [read(document) for document in case["boundary"]],
            session=None if case["session_policy"] is None else [read(case["session_policy"])],
            **levels,
        ),
    )


def outcomes(decision: Decision) -> set[bool | None]:
    return {row.applies for row in decision.trace if row.effect == "Deny"}


@settings(deadline=None, max_examples=40)
@given(cases(), st.booleans())
def test_values_lines_and_traces_agree(case: dict[str, Any], partial: bool) -> None:
    case["partial"] = partial
    request, policies = as_values(case)
    compiled = compile_policies(policies)
    decision = compiled.decide(request, trace=True)
    assert decision.outcome == decide(case)
    assert attrs.evolve(decision, trace=()) == compiled.decide(request)
    if True in outcomes(decision):
        assert decision.outcome is Outcome.EXPLICITLY_DENIED
    elif None in outcomes(decision):
        assert decision.outcome is Outcome.UNDETERMINED
    else:
        assert decision.outcome in (Outcome.ALLOWED, Outcome.IMPLICITLY_DENIED) or partial


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_canonical_documents_decide_alike(data: st.DataObject) -> None:
    case = data.draw(cases())
    request, policies = as_values(case)
    twin = dict(case)
    if case["resource_policy"] is not None:
        twin["resource_policy"] = reshaped(data, case["resource_policy"])
        _, other = as_values(twin)
        assert policies.resource is not None and other.resource is not None
        assert policies.resource.means_the_same_as(other.resource)
    assert decide(twin) == compile_policies(policies).decide(request).outcome


COMPLETIONS: dict[str, list[Any]] = {
    "aws:username": [None, "a", "pail", "b"],
    "aws:TagKeys": [None, [], ["a"], ["a", "c"]],
    "aws:userid": [None, "AROAABCDEFGHIJKLMNOPQ:x", "AIDAXXXXXXXXXXXXXXXXX"],
    "sts:ExternalId": [None, "a", "5", "203.0.113.7", "2026-06-01", "true"],
}


@settings(deadline=None, max_examples=30)
@given(cases())
def test_what_a_partial_context_decides_every_completion_decides_alike(case: dict[str, Any]) -> None:
    decided = decide(case | {"partial": True})
    if decided == "undetermined":
        return
    unknown = [key for key in KEYS if key not in case["context"]]
    for values in itertools.product(*(COMPLETIONS[key] for key in unknown)):
        added = {key: value for key, value in zip(unknown, values, strict=True) if value is not None}
        assert decide(case | {"context": case["context"] | added}) == decided
