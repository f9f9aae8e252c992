"""Sentences that were false once: each asked again of the evaluator, the catalog or the table of services."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest
from explain_builders import BUCKET_GRANT, EXAMPLES, ROOT, example, from_text

from xacct.evaluate.engine import evaluate
from xacct.evaluate.model import Policies, Request
from xacct.explain import Explanation, explain_grant
from xacct.explain.calls import TAGGING, calling, is_allowed, refused_for_tags
from xacct.explain.case import Case
from xacct.explain.cases import case_of
from xacct.explain.model import Code, Grid, Points, Steps, Text
from xacct.explain.probes import probes
from xacct.explain.service_compare import explain_service
from xacct.explain.service_policies import identity_policy
from xacct.explain.services import find_service, load_services
from xacct.explain.why import explain_action
from xacct.lightsail.catalog import Source, load_catalog

CASES = json.loads((ROOT / "tests" / "cases" / "explain" / "why.json").read_text())
CATALOG = load_catalog()
UNPUBLISHED = [action for action in CATALOG.actions.values() if action.source is Source.SDK]

GRANT = """
blueprint: raw
name: odd
account: "111122223333"
parameters:
  trust:
    Version: "2012-10-17"
    Statement: [{{Effect: Allow, Principal: {{AWS: "444455556666"}}, Action: "sts:AssumeRole"}}]
permissions: {permissions}
"""


def odd(permissions: str, folder: Path) -> Case:
    return case_of(from_text(GRANT.format(permissions=permissions), folder))


def told(found: Explanation, key: str) -> str:
    """All texts of one section."""
    [section] = [one for one in found.sections if one.key == key]
    texts: list[str] = []
    for block in section.blocks:
        match block:
            case Text() | Code():
                texts.append(block.text)
            case Points():
                texts += [item.text for item in block.items]
            case Grid():
                texts += [cell for row in block.rows for cell in row.cells]
            case Steps():
                texts += [step.why for step in block.steps]
    return "\n".join(texts)


def assert_in_one_region(request: Request) -> None:
    """The ARN's Region and the asked one agree; domains and distributions are answered in us-east-1."""
    known = CATALOG.action(request.action)
    assert known is not None
    asked = request.context["aws:RequestedRegion"]
    place = request.resource.split(":")[3] if request.resource != "*" else asked
    assert asked == (known.only_region or ("us-east-1" if place == "global" else place))


# -- requests that can happen --------------------------------------------------------------------------------


@pytest.mark.parametrize("row", CASES, ids=lambda row: f"{row['example']}: {row['action']}")
def test_a_decision_is_about_the_resources_that_the_action_takes(row: dict[str, object]) -> None:
    asked = calling(case_of(example(str(row["example"]))), str(row["action"]))
    shown = [one.request.resource.removeprefix("arn:aws:lightsail:").partition("/")[0] for one in asked]
    assert shown == row["resources"]
    for one in asked:
        assert_in_one_region(one.request)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_request_is_one_that_aws_can_see(name: str) -> None:
    case = case_of(example(name))
    for action in list(CATALOG.actions.values())[::7]:
        for asked in calling(case, action.full_name):
            request = asked.request
            assert_in_one_region(request)
            known = CATALOG.action(request.action)
            assert known is not None
            assert (request.resource == "*") is known.wildcard_only
            if request.resource == "*":
                assert not [key for key in request.context if key.lower().startswith("aws:resourcetag/")]


def test_a_region_that_no_call_about_domains_is_answered_in_grants_none(tmp_path: Path) -> None:
    region = '{StringEquals: {"aws:RequestedRegion": "eu-west-1"}}'
    actions = '["lightsail:GetDomains", "lightsail:GetInstances"]'
    statement = (
        f'[{{statements: [{{Effect: Allow, Action: {actions}, Resource: "*", Condition: {region}}}]}}]'
    )
    case = odd(statement, tmp_path)
    assert [action.name for action in case.granted] == ["GetInstances"]
    assert explain_action(case, "GetDomains").lead.startswith("Denied")


def test_an_action_on_two_resources_needs_both(tmp_path: Path) -> None:
    arn = "arn:aws:lightsail:eu-west-1:111122223333:{}/*"
    for kinds, passes in ((["Instance"], False), (["StaticIp"], False), (["Instance", "StaticIp"], True)):
        named = json.dumps([arn.format(kind) for kind in kinds])
        also = '{Effect: Allow, Action: "lightsail:GetRegions", Resource: "*"}'
        allow = f'{{Effect: Allow, Action: "lightsail:AttachStaticIp", Resource: {named}}}'
        case = odd(f"[{{statements: [{allow}, {also}]}}]", tmp_path)
        assert is_allowed(case, "lightsail:AttachStaticIp") is passes
        assert ("AttachStaticIp" in {action.name for action in case.granted}) is passes
        assert explain_action(case, "AttachStaticIp").lead.startswith("Allowed" if passes else "Denied")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObject", "arn:aws:s3:::example-bucket/report.csv"),
        ("s3:ListBucket", "arn:aws:s3:::example-bucket"),
        ("kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
        ("ec2:DescribeInstances", "any resource"),
    ],
)
def test_another_services_action_is_not_decided_on_everything(action: str, resource: str) -> None:
    found = explain_action(case_of(example("federated-saml")), action)
    [section] = [one for one in found.sections if one.key == "decision"]
    [steps] = [block for block in section.blocks if isinstance(block, Steps)]
    assert [step.call.resource for step in steps.steps if step.call is not None] == [resource]
    assert found.lead.startswith("Not given")


@pytest.mark.parametrize(
    ("action", "said"),
    [("kms:Decrypt", "key's policy has to allow it as well"), ("s3:GetObject", "resource-based policies")],
)
def test_a_policy_on_the_resource_is_not_forgotten(action: str, said: str) -> None:
    assert said in told(explain_action(case_of(example("bitbucket")), action), "change")


# -- tags for what is made -----------------------------------------------------------------------------------

TAGGED = "[{add: [CreateInstances], tags: {Team: web}}, {set: monitoring}]"
WITH_TAGGING = "[{add: [CreateInstances], tags: {Team: web}}, {set: monitoring}, {add: [TagResource]}]"
TAGGING_WITHIN = "[{add: [CreateInstances, TagResource], tags: {Team: web}}, {set: monitoring}]"
UNTAGGED = "[{add: [CreateInstances]}, {set: monitoring}]"


@pytest.mark.parametrize(
    ("permissions", "actions", "passes"),
    [
        (TAGGED, ["lightsail:CreateInstances", TAGGING], False),
        (WITH_TAGGING, ["lightsail:CreateInstances", TAGGING], True),
        (TAGGING_WITHIN, ["lightsail:CreateInstances", TAGGING], False),
        (UNTAGGED, ["lightsail:CreateInstances"], True),
    ],
)
def test_tags_for_what_is_made_ask_for_tag_resource_too(
    permissions: str, actions: list[str], passes: bool, tmp_path: Path
) -> None:
    case = odd(permissions, tmp_path)
    assert [one.request.action for one in calling(case, "lightsail:CreateInstances")] == actions
    assert is_allowed(case, "lightsail:CreateInstances") is passes
    found = explain_action(case, "CreateInstances")
    assert found.lead.startswith("Allowed" if passes else "Denied")
    assert (refused_for_tags(case) == ()) is passes
    assert (
        "so these are refused: CreateInstances" in told(explain_grant(case.expansion), "reach")
    ) is not passes


@pytest.mark.parametrize("name", ["owned-account", "gitlab-ci", "third-party"])
@pytest.mark.parametrize("action", ["CreateInstances", "CreateDisk", "CreateBucket", "CreateKeyPair"])
def test_an_edit_for_a_create_counts_the_second_permission(name: str, action: str) -> None:
    found = explain_action(case_of(example(name)), action)
    change = told(found, "change")
    assert "add: [TagResource]" in change
    assert "no limit by resource or tag" not in change
    assert "The tags that the request has to give do" in change


@pytest.mark.parametrize("action", [one for one in CATALOG.actions.values() if one.supports_request_tags])
def test_what_an_action_makes_is_known_by_its_type(action) -> None:  # type: ignore[no-untyped-def]
    from xacct.explain.places import made_type

    assert (made_type(action) is None) is (action.full_name == TAGGING)


# -- what an edit reaches ------------------------------------------------------------------------------------


def test_a_read_that_no_limit_reaches_is_told_to_reach_everything() -> None:
    change = told(explain_action(case_of(example("owned-account")), "GetBuckets"), "change")
    assert "whose limit by tag or resource cannot reach it" in change
    assert "it reaches the whole account" in change


def test_tagging_within_a_limit_is_not_told_to_let_in() -> None:
    found = explain_action(case_of(example("gitlab-ci")), "TagResource")
    [section] = [one for one in found.sections if one.key == "change"]
    first, second = [block for block in section.blocks if isinstance(block, Points)]
    inside = " ".join(item.text for item in first.items)
    assert "take the resources that it reaches out of a limit" in inside
    assert "into a limit" not in inside
    assert "admit themselves" not in inside
    assert "tag any resource can tag it into a limit" in " ".join(item.text for item in second.items)


@pytest.mark.parametrize("action", UNPUBLISHED, ids=lambda action: action.name)
def test_what_aws_has_not_published_is_told_to_be_a_guess(action) -> None:  # type: ignore[no-untyped-def]
    found = explain_action(case_of(example("third-party")), action.name)
    assert "guessed" in told(found, "action")
    assert "has to be *" not in told(found, "action")
    assert "against * alone" not in told(found, "change")


def test_a_total_tells_how_much_of_it_is_guessed(tmp_path: Path) -> None:
    lines = told(explain_grant(odd("[{set: full-access}]", tmp_path).expansion), "lines")
    assert f"of {len(UNPUBLISHED)} that AWS has not published" in lines
    alone = sum(one.wildcard_only for one in CATALOG.actions.values()) - len(UNPUBLISHED)
    assert f"{alone} actions of these take * alone" in lines


# -- STS -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "action", "start"),
    [
        ("third-party", "sts:GetCallerIdentity", "Always allowed"),
        ("delegated-group", "sts:getcalleridentity", "Always allowed"),
        ("third-party", "sts:GetSessionToken", "Not for a role session"),
        ("bitbucket", "sts:GetFederationToken", "Not for a role session"),
        ("delegated-group", "sts:GetSessionToken", "Needs no permission"),
        ("delegated-group", "sts:GetFederationToken", "Not given"),
    ],
)
def test_calls_to_sts_that_no_statement_changes_are_told_so(name: str, action: str, start: str) -> None:
    found = explain_action(case_of(example(name)), action)
    assert found.lead.startswith(start)
    assert ("Paste a statement" in json.dumps(attrs.asdict(found))) is (start == "Not given")


# -- the same call, with one thing different -----------------------------------------------------------------


def test_a_job_that_names_the_environment_gets_in_from_any_branch() -> None:
    case = case_of(example("github-actions"))
    found = {probe.label: probe for probe in probes(case)}
    [label] = [one for one in found if "names environment production" in one]
    assert found[label].decision.allowed
    assert "protection rules" in found[label].note
    other = [probe.label for probe in probes(case_of(example("github-actions-names")))]
    assert not any("names environment " in label for label in other)
    assert any(label.endswith("which names no environment") for label in other)


# -- reach ---------------------------------------------------------------------------------------------------


def power(case: Case, start: str) -> str:
    [section] = [one for one in explain_grant(case.expansion).sections if one.key == "reach"]
    rows = [row for block in section.blocks if isinstance(block, Grid) for row in block.rows]
    return next(row.cells[1] for row in rows if row.cells[0].startswith(start))


@pytest.mark.parametrize(
    ("action", "start", "answer"),
    [
        ("GetInstanceAccessDetails", "Run code", "not by a call that does it, but with what"),
        ("GetInstanceAccessDetails", "Delete", "not by a call that does it, but with what"),
        ("CreateBucketAccessKey", "Delete", "not by a call that does it, but with what"),
        ("CreateBucketAccessKey", "Run code", "no"),
        ("CreateRelationalDatabase", "Run code", "yes, by CreateRelationalDatabase"),
        ("GetInstances", "Delete", "no"),
    ],
)
def test_a_login_or_key_is_not_answered_with_no(action: str, start: str, answer: str, tmp_path: Path) -> None:
    said = power(odd(f"[{{add: [{action}]}}]", tmp_path), start)
    assert said == answer or (len(answer) > 3 and said.startswith(answer))


def test_what_comes_with_the_session_is_among_what_is_allowed() -> None:
    found = explain_grant(example("owned-account-sso"))
    assert {"sts:TagSession", "sts:SetSourceIdentity"} <= set(told(found, "reach").split("\n"))


def test_an_entry_without_limits_is_counted_as_reaching_everything(tmp_path: Path) -> None:
    both = odd("[{set: monitoring, tags: {Team: web}}, {set: full-access}]", tmp_path)
    assert f"{len(CATALOG.actions)} actions reach the whole account" in told(
        explain_grant(both.expansion), "reach"
    )


@pytest.mark.parametrize(
    ("permissions", "warned"), [("[{set: monitoring}]", True), ("[{set: full-access}]", False)]
)
def test_the_console_is_warned_of_where_the_grant_gives_less(
    permissions: str, warned: bool, tmp_path: Path
) -> None:
    said = told(explain_grant(odd(permissions, tmp_path).expansion), "reach")
    assert ("for the Lightsail console" in said) is warned


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_issuer_is_shown_in_another_case_than_it_has(name: str) -> None:
    case = case_of(example(name))
    keys = (
        [one.key for statement in case.access.trust.statements for one in statement.conditions]
        if case.access
        else []
    )
    issuers = {key.rpartition(":")[0] for key in keys if "." in key.rpartition(":")[0]}
    text = json.dumps(attrs.asdict(explain_grant(example(name))), default=str)
    for issuer in issuers:
        assert issuer in text
        assert issuer == issuer.lower() or issuer.lower() not in text


# -- logs and the bucket -------------------------------------------------------------------------------------


def test_a_refused_call_is_not_told_to_be_in_the_owners_log() -> None:
    said = told(explain_grant(example("third-party")), "logs")
    assert "where it succeeds, is recorded in both accounts" in said
    assert "refused is recorded in the caller's account alone" in said


@pytest.mark.parametrize(
    ("bucket", "said", "not_said"),
    [
        ("acme-reports/*", "If that is a bucket of Lightsail's", "more than the grant does"),
        ("acme-reports/finance/*", "more than the grant does", "cannot be a bucket"),
        ("my.corp.data.lake/finance/*", "cannot be a bucket of Lightsail's", "both ways are open"),
    ],
)
def test_a_bucket_of_s3_is_not_taken_for_one_of_lightsail(
    bucket: str, said: str, not_said: str, tmp_path: Path
) -> None:
    text = BUCKET_GRANT.replace("acme-reports/*", bucket)
    found = told(explain_grant(from_text(text, tmp_path)), "bucket")
    assert said in found
    assert not_said not in found


# -- services ------------------------------------------------------------------------------------------------


def test_a_service_that_was_not_looked_up_is_not_told_to_have_none() -> None:
    for name in load_services().without:
        lead = explain_service(find_service(name)).lead
        assert "has no resource-based policies" not in lead
    assert "billing.GetResourcePolicy" in explain_service(find_service("billing")).lead
    assert explain_service(find_service("lightsail")).lead.startswith(
        "Amazon Lightsail has no resource-based"
    )


@pytest.mark.parametrize(
    ("name", "support"),
    [("sso-admin", "partly"), ("apigatewayv2", "partly"), ("s3outposts", "yes"), ("sesv2", "yes")],
)
def test_services_are_found_by_every_name_of_the_sdk(name: str, support: str) -> None:
    assert find_service(name).support == support


def test_a_source_is_named_only_for_what_it_lists() -> None:
    sources = {name: explain_service(find_service(name)).sources() for name in load_services().services}
    for name in (
        "dynamodb",
        "kinesis",
        "kafka",
        "vpc-lattice",
        "redshift",
        "rekognition",
        "s3tables",
        "sagemaker",
    ):
        assert not any("IAM User Guide" in source for source in sources[name]), name
    for name in ("ssm-contacts", "ssm-incidents", "migration-hub-refactor-spaces", "s3", "kms"):
        assert any("IAM User Guide" in source for source in sources[name]), name


def test_what_the_models_say_of_two_policies_is_told_so() -> None:
    assert find_service("dynamodb").resources == ("table", "stream")
    assert find_service("acm-pca").write == ("acm-pca:PutPolicy",)
    for name in ("mediastore", "lookoutequipment"):
        assert "both ways are open" not in explain_service(find_service(name)).lead


@pytest.mark.parametrize("grant", ["owned-account", "github-actions", "delegated"])
@pytest.mark.parametrize("name", [key for key, one in load_services().services.items() if one.need])
def test_a_policy_that_replaces_another_is_never_shown_without_a_warning(name: str, grant: str) -> None:
    assert "keep the statements that it has already" in told(
        explain_service(find_service(name), case_of(example(grant))), "both"
    )


def test_a_puller_of_images_may_sign_in_to_the_registry() -> None:
    case = case_of(example("owned-account"))
    assert case.request is not None
    policy = identity_policy(find_service("ecr"), case)
    asked = attrs.evolve(case.request, action="ecr:GetAuthorizationToken", resource="*")
    assert evaluate(asked, Policies(identity=(policy,))).allowed


def test_a_key_of_ones_own_has_to_encrypt_across_accounts_and_may_within_one() -> None:
    across = told(explain_service(find_service("secretsmanager"), case_of(example("owned-account"))), "both")
    within = told(explain_service(find_service("secretsmanager"), case_of(example("delegated"))), "both")
    assert "kms:GenerateDataKey" in across
    assert "must be encrypted with a key of your own" in across
    assert "must be encrypted" not in within
    assert "that key may have to allow as well, also within one account" in within


# -- how long sessions last ----------------------------------------------------------------------------------

LASTING = """
blueprint: raw
name: odd
account: "111122223333"
max_session: {longest}
parameters:
  trust:
    Version: "2012-10-17"
    Statement: [{{Effect: Allow, Principal: {principal}, Action: "{action}"}}]
permissions: [{{set: instance-operator}}]
"""
SAML = "arn:aws:iam::111122223333:saml-provider/corp"


@pytest.mark.parametrize(
    ("principal", "action", "longest", "console"),
    [
        ('{AWS: "444455556666"}', "sts:AssumeRole", "1h", True),
        ('{AWS: "444455556666"}', "sts:AssumeRole", "12h", False),
        ('{AWS: "arn:aws:iam::444455556666:user/jane"}', "sts:AssumeRole", "2h", True),
        ('{AWS: "arn:aws:iam::444455556666:role/ci"}', "sts:AssumeRole", "4h", False),
        (f'{{Federated: "{SAML}"}}', "sts:AssumeRoleWithSAML", "8h", True),
        ("{Service: ec2.amazonaws.com}", "sts:AssumeRole", "1h", False),
    ],
)
def test_a_console_session_outlasts_the_roles_maximum_unless_it_is_chained(
    principal: str, action: str, longest: str, console: bool, tmp_path: Path
) -> None:
    grant = LASTING.format(principal=principal, action=action, longest=longest)
    found = explain_grant(from_text(grant, tmp_path))
    told_of = {
        "lead": "12 hours in a console session" in found.lead,
        "ending": "federation endpoint" in told(found, "ending"),
        "contrast": "12 hours more for console sessions" in told(found, "contrast"),
        "picture": "console sessions made from one: 12 hours" in str(found.picture),
    }
    assert set(told_of.values()) == {console}, told_of
