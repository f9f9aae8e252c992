"""Claims that were made too large once: each asked again of the evaluator, the models or the catalog."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import pytest
from explain_builders import BUCKET_GRANT, EXAMPLES, ROOT, example, from_text

from xacct.evaluate.engine import evaluate
from xacct.evaluate.model import Policies, Request
from xacct.explain import explain_general, explain_grant
from xacct.explain.case import Case, Party
from xacct.explain.cases import case_of
from xacct.explain.contrast import contrast_section
from xacct.explain.facts import contrasts
from xacct.explain.minding import minding
from xacct.explain.model import Explanation, Grid, Points, Text
from xacct.explain.service_compare import explain_service
from xacct.explain.service_policies import resource_policy
from xacct.explain.services import find_service, load_services
from xacct.explain.when import when_words
from xacct.explain.why import explain_action
from xacct.handoff.make import make_handoff
from xacct.iam.policy import Condition, Effect, PolicyDocument, PrincipalType, Statement, TypedPrincipal
from xacct.lightsail.catalog import Source, load_catalog

TABLE = json.loads((ROOT / "tests" / "cases" / "explain" / "sure.json").read_text())
CATALOG = load_catalog()


def edited(name: str, folder: Path, **parameters: str) -> Case:
    """An example with more parameters."""
    text = (ROOT / "examples" / f"{name}.yaml").read_text()
    (folder / "metadata.xml").write_text((ROOT / "examples" / "metadata.xml").read_text())
    more = "".join(f"  {key}: {value}\n" for key, value in parameters.items())
    return case_of(from_text(text.replace("parameters:\n", f"parameters:\n{more}"), folder))


def here(case: Case, question: str) -> str:
    """The column of the grant in one row of the comparison."""
    grids = [block for block in contrast_section(case).blocks if isinstance(block, Grid)]
    [cell] = [row.cells[-1] for grid in grids for row in grid.rows if row.cells[0] == question]
    return cell


def texts(found: Explanation, key: str) -> str:
    blocks = [block for section in found.sections if section.key == key for block in section.blocks]
    said = [block.text for block in blocks if isinstance(block, Text)]
    said += [item.text for block in blocks if isinstance(block, Points) for item in block.items]
    return "\n".join(said)


def person(case: Case) -> str:
    found = explain_grant(case.expansion)
    blocks = [block for section in found.sections if section.key == "logs" for block in section.blocks]
    items = [item for block in blocks if isinstance(block, Points) for item in block.items]
    return next(item.text for item in items if item.label == "The person behind it")


@cache
def model(service: str) -> Any:
    from botocore.loaders import Loader

    return Loader().load_service_model(service, "service-2")


# -- the session and the call --------------------------------------------------------------------------------


@pytest.mark.parametrize("row", TABLE["when"], ids=lambda row: f"{row['example']}: {row['action']}")
def test_what_the_session_was_asked_is_not_told_of_the_call(row: dict[str, str]) -> None:
    lead = explain_action(case_of(example(row["example"])), row["action"]).lead
    assert lead == f"Allowed for the trusted party: {row['when']}."


def test_a_limit_by_resource_is_among_the_conditions(tmp_path: Path) -> None:
    arn = "arn:aws:lightsail:eu-west-1:111122223333:Instance/6d0a3f6e-8f6b-4b52-9c1c-3f2b8c9d7e10"
    text = (ROOT / "examples" / "delegated.yaml").read_text()
    case = case_of(from_text(text.replace("regions: [eu-west-1]", f'resources: ["{arn}"]'), tmp_path))
    assert when_words(case, "lightsail:RebootInstance").endswith(f"if the call is made on {arn}")


def test_one_way_without_conditions_makes_an_action_unconditional(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "raw.yaml").read_text()
    head = text[: text.index("permissions:")]
    entries = "permissions:\n  - {set: monitoring, regions: [eu-west-1]}\n  - {add: [GetInstances]}\n"
    case = case_of(from_text(head + entries, tmp_path))
    assert when_words(case, "lightsail:GetInstances") == ""
    assert when_words(case, "lightsail:GetInstance") == "if the call is made in eu-west-1"


def test_an_end_is_told_of_a_wildcard_too(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "third-party.yaml").read_text()
    head = text[: text.index("permissions:")]
    case = case_of(from_text(head + "permissions:\n  - set: full-access\nexpires: 2030-01-31\n", tmp_path))
    assert when_words(case, "lightsail:GetInstances").endswith("if the call is made until 2030-01-31 (UTC)")


@pytest.mark.parametrize("name", EXAMPLES)
def test_contexts_are_asked_for_only_where_the_call_takes_them(name: str) -> None:
    case = case_of(example(name))
    found = explain_action(case, "sts:SetContext")
    assert "Paste a statement" not in json.dumps(attrs.asdict(found))
    if case.assume_request is None:
        assert found.lead.startswith("Denied: the grant makes no role")
        return
    call = case.assume_request.action.partition(":")[2]
    takes = "ProvidedContexts" in model("sts")["shapes"][f"{call}Request"]["members"]
    assert found.lead.startswith("Denied: a call of sts:AssumeRole" if takes else "Not asked here")


# -- limits of what takes no ARN -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "action",
    [one for one in CATALOG.actions.values() if one.wildcard_only and one.source is not Source.SDK],
    ids=lambda action: action.name,
)
def test_tags_of_the_request_are_offered_as_a_limit_where_the_action_takes_them(action: Any) -> None:
    case = case_of(example("third-party"))
    said = " ".join(minding(case, case, action.full_name))
    assert ("AWS checks this action against * alone" in said) is ("such as its Region" in said)
    if "such as its Region" in said:
        assert ("the tags that it gives" in said) is action.supports_request_tags


# -- policies of other resources -----------------------------------------------------------------------------


@pytest.mark.parametrize("row", TABLE["resource"], ids=lambda row: f"{row['example']}: {row['action']}")
def test_a_resources_policy_can_name_whom_the_grant_has(row: dict[str, str]) -> None:
    change = texts(explain_action(case_of(example(row["example"])), row["action"]), "change")
    assert row["says"] in change
    assert "whatever the grant says" not in change


def test_a_deny_of_the_grant_wins_over_the_resources_policy() -> None:
    case = case_of(example("third-party"))
    assert case.request is not None
    named = TypedPrincipal(PrincipalType.AWS, case.role_arn)
    opened = PolicyDocument.of(
        Statement(effect=Effect.ALLOW, principals=(named,), actions=("s3:GetObject",), resources=("*",))
    )
    asked = attrs.evolve(case.request, action="s3:GetObject", resource="arn:aws:s3:::bucket/a")
    late = attrs.evolve(asked, context={**asked.context, "aws:CurrentTime": "2031-01-01T00:00:00Z"})
    for request, passes in ((asked, True), (late, False)):
        assert evaluate(request, Policies(identity=case.documents, resource=opened)).allowed is passes
    assert "always wins" in texts(explain_action(case, "s3:GetObject"), "change")


def test_each_way_in_keeps_its_own_conditions_on_a_resource(tmp_path: Path) -> None:
    ops = "arn:aws:iam::222233334444:role/ops"
    case = edited("owned-account-sso", tmp_path, principals=f"[{ops}]")
    policy = resource_policy(find_service("s3"), case)
    assert len(policy.statements) == 2
    everything = PolicyDocument.of(Statement(effect=Effect.ALLOW, actions=("*",), resources=("*",)))
    for arn, passes in ((ops, True), ("arn:aws:iam::222233334444:role/other", False)):
        request = Request(
            principal=arn,
            action="s3:GetObject",
            resource="arn:aws:s3:::example-bucket/a",
            resource_account="111122223333",
            context={"aws:PrincipalArn": arn, "aws:PrincipalTag/Team": "web"},
        )
        assert evaluate(request, Policies(identity=(everything,), resource=policy)).allowed is passes


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_an_example_leaves_out_is_told(name: str) -> None:
    case = case_of(example(name))
    keys = {one.key for document in case.documents for each in document.statements for one in each.conditions}
    said = texts(explain_service(find_service("s3"), case), "both")
    assert ("Left out of the example" in said) is bool(keys)
    for key in keys:
        assert key in said.partition("Left out of the example")[2]


@pytest.mark.parametrize("name", [key for key, one in load_services().services.items() if one.need])
def test_no_text_says_that_a_key_policy_alone_decides(name: str) -> None:
    for grant in ("delegated", "gitlab-ci"):
        said = json.dumps(attrs.asdict(explain_service(find_service(name), case_of(example(grant)))))
        assert "always has to allow, also" not in said
        assert ("may have to allow as well" in said) is (name != "kms")


def test_a_permission_with_a_policy_is_in_the_table() -> None:
    members = model("ssm-sap")["shapes"]["PutResourcePermissionOutput"]["members"]
    assert "Policy" in members
    service = find_service("ssm-sap")
    assert (service.support, service.read) == ("yes", ("ssm-sap:GetResourcePermission",))
    assert service.id not in load_services().without


def test_what_the_model_alone_shows_is_not_told_as_certain() -> None:
    for service in load_services().services.values():
        lead = explain_service(service).lead
        alone = service.certainty == "SDK model alone" and not service.ended
        assert ("seems to have" in lead) is alone, service.id
        assert ("both ways are open" in lead) is (
            service.support == "yes" and not alone and not service.ended
        )


def test_the_one_external_id_of_a_resource_based_policy_is_told() -> None:
    assert "externalId" in model("cloudtrail-data")["shapes"]["PutAuditEventsRequest"]["members"]
    rows = {one.question: one.policy for one in contrasts()}
    for question in ("External ID, against the confused deputy", "Third parties"):
        assert "CloudTrail" in rows[question]


# -- who vouches, and what is not seen -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("third-party", "lets the caller set a source identity; it is the caller's own word"),
        ("federated-saml", "by the assertion's SourceIdentity attribute"),
        ("federated-oidc", "by a claim of its token"),
    ],
)
def test_a_source_identity_is_told_as_the_word_of_who_sets_it(name: str, by: str, tmp_path: Path) -> None:
    case = edited(name, tmp_path, source_identity="true")
    said = person(case)
    assert by in said
    assert "does not check it" in said
    assert ("the caller" in said) is not case.party.federated


def test_a_source_identity_that_is_checked_is_told_to_be() -> None:
    case = case_of(example("owned-account-sso"))
    assert case.access is not None
    asked = Condition("StringLike", "sts:SourceIdentity", ("*@example.com",))
    trust = PolicyDocument.of(
        *(attrs.evolve(one, conditions=(*one.conditions, asked)) for one in case.access.trust.statements)
    )
    from xacct.explain.ending import logs_section

    checked = attrs.evolve(case, access=attrs.evolve(case.access, trust=trust))
    [points] = [block for block in logs_section(checked).blocks if isinstance(block, Points)]
    said = " ".join(item.text for item in points.items)
    assert "Which ones pass" in said
    assert "does not check" not in said


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_console_is_told_of_as_in_the_handoff(name: str) -> None:
    expansion = example(name)
    case = case_of(expansion)
    said = here(case, "The console")
    if case.party is Party.GROUP:
        assert said.startswith("The users' own sign-in")
        return
    assert (make_handoff(expansion).console.link is not None) is said.startswith("Switch Role")
    assert "Switch Role" in said


@pytest.mark.parametrize("name", EXAMPLES)
def test_policies_of_organizations_are_told_to_be_unseen(name: str) -> None:
    case = case_of(example(name))
    said = next(
        part
        for part in texts(explain_grant(case.expansion), "path").split("\n")
        if "control policies" in part
    )
    for account in {case.account, case.caller_account} - {""}:
        assert account in said
    assert "can still refuse" in said


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_the_caller_holds_elsewhere_is_not_claimed(name: str) -> None:
    case = case_of(example(name))
    text = json.dumps(attrs.asdict(explain_grant(case.expansion)), default=str)
    for claim in ("has no permissions in AWS", "has no policies in AWS", "has no identity in AWS"):
        assert claim not in text
    assert ("made without credentials of AWS" in text) is case.party.federated


def test_no_way_is_told_to_be_the_only_one_beside_roles(tmp_path: Path) -> None:
    for found in (explain_general(), explain_grant(from_text(BUCKET_GRANT, tmp_path))):
        text = json.dumps(attrs.asdict(found), default=str)
        assert "two general ways across accounts; some services have others" in text
        assert "objects alone" not in text
        assert "Only a bucket's objects" not in text


# -- audiences and patterns ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["github-actions", "gitlab-ci", "terraform-cloud", "federated-oidc"])
def test_an_audience_that_may_be_anything_is_not_told_to_be_made_for_aws(name: str, tmp_path: Path) -> None:
    case = edited(name, tmp_path, **({} if name == "federated-oidc" else {"audience": "anything"}))
    reasons = [why for key, why in case.expansion.reasons.items() if key.endswith(":aud")]
    assert reasons
    for why in reasons:
        assert "The token was made for" not in why
        assert "Only tokens that were made for this audience" in why


@pytest.mark.parametrize("region", ["", "eu-west-1/", "us-gov-west-1/"])
def test_the_pattern_for_identity_center_matches_with_and_without_a_region(region: str) -> None:
    case = case_of(example("owned-account-sso"))
    assert case.assume_request is not None
    head = "arn:aws:iam::222233334444:role/aws-reserved/sso.amazonaws.com"
    for role, passes in (("Operators_0123456789abcdef", True), ("Readers_0123456789abcdef", False)):
        arn = f"{head}/{region}AWSReservedSSO_{role}"
        context = {**case.assume_request.context, "aws:PrincipalArn": arn, "aws:PrincipalTag/Team": "web"}
        asked = attrs.evolve(case.assume_request, principal=arn, context=context)
        assert case.decide_assume(asked).allowed is passes
