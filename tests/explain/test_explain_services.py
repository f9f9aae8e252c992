"""The table of services, both ways written out, and the bucket exception."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
import yaml
from explain_builders import BUCKET_GRANT, EXAMPLES, ROOT, example, from_text

from xacct.errors import InputError
from xacct.evaluate.engine import evaluate
from xacct.evaluate.model import Policies, Request
from xacct.explain import explain_general, explain_grant, sources
from xacct.explain.bucket import bucket_of, reader_policy
from xacct.explain.cases import case_of
from xacct.explain.contrast import contrast_section
from xacct.explain.facts import choices, contrasts, newer_ways
from xacct.explain.model import Code, Explanation, Grid
from xacct.explain.service_compare import explain_service, explain_services
from xacct.explain.services import Service, find_service, load_services
from xacct.iam.policy import Effect, PolicyDocument, PrincipalType, Statement, TypedPrincipal

WITH_NEED = [name for name, service in load_services().services.items() if service.need is not None]


def codes(explanation: Explanation, start: str) -> list[PolicyDocument]:
    """The policies whose captions begin so."""
    return [
        PolicyDocument.from_json(block.text)
        for section in explanation.sections
        for block in section.blocks
        if isinstance(block, Code) and block.caption.startswith(start) and block.language == "json"
    ]


def policy_of(service: Service) -> str:
    assert service.need is not None
    return service.need.policy or service.policy


def decisions(explanation: Explanation) -> dict[str, str]:
    [grid] = [
        block
        for section in explanation.sections
        for block in section.blocks
        if isinstance(block, Grid) and block.head[-1] == "Decision"
    ]
    return {row.cells[0]: row.cells[1].partition(":")[0] for row in grid.rows}


# -- both ways -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WITH_NEED)
def test_across_accounts_a_resource_policy_needs_the_callers_policy_beside_it(name: str) -> None:
    service = find_service(name)
    said = decisions(explain_service(service, case_of(example("owned-account"))))
    assert said == {
        f"the {policy_of(service)} alone": "implicitly denied",
        "the caller's policy alone": "implicitly denied",
        "both": "allowed",
    }


@pytest.mark.parametrize("name", WITH_NEED)
def test_within_one_account_the_resources_policy_suffices(name: str) -> None:
    service = find_service(name)
    said = decisions(explain_service(service, case_of(example("delegated"))))
    assert said[f"the {policy_of(service)} alone"] == "allowed"
    assert said["both"] == "allowed"
    # A key's policy, or a grant, has to allow; elsewhere the caller's own policy suffices in one account.
    alone = "implicitly denied" if name == "kms" else "allowed"
    assert said["the caller's policy alone"] == alone


def test_a_repository_policy_is_written_without_a_resource() -> None:
    for grant in ("owned-account", "github-actions"):
        found = explain_service(find_service("ecr"), case_of(example(grant)))
        [policy] = [*codes(found, "Way 2, the repo"), *codes(found, "Way 2: the repo")]
        assert all(statement.resources is None for statement in policy.statements)


def test_what_every_request_carries_is_not_lost_with_a_resource_policy() -> None:
    case = case_of(example("owned-account-whole"))
    [policy] = codes(explain_service(find_service("s3"), case), "Way 2, the bucket policy")
    keys = {condition.key for statement in policy.statements for condition in statement.conditions}
    assert {"aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge"} <= keys


@pytest.mark.parametrize("name", ["es", "route53resolver", "cloudsearch", "qbusiness", "waf"])
def test_services_whose_calls_do_not_say_policy_plainly_are_in_the_table(name: str) -> None:
    assert find_service(name).support == "yes"


def test_an_external_id_is_told_to_be_lost_and_is_not_written() -> None:
    found = explain_service(find_service("s3"), case_of(example("third-party")))
    [policy] = codes(found, "Way 2, the bucket policy")
    assert "ExternalId" not in policy.minified()
    text = json.dumps(
        [block.text for one in found.sections for block in one.blocks if hasattr(block, "text")]
    )
    assert "Lost on the way: with external ID" in text


def test_conditions_on_the_caller_are_carried_over() -> None:
    found = explain_service(find_service("s3"), case_of(example("owned-account")))
    [policy] = codes(found, "Way 2, the bucket policy")
    [statement] = policy.statements
    assert [condition.key for condition in statement.conditions] == ["aws:PrincipalOrgID"]
    assert {one.value for one in statement.principals or ()} == {
        "arn:aws:iam::222233334444:role/deploy",
        "arn:aws:iam::222233334444:user/jane",
    }


def test_reads_alone_ask_for_reads_alone() -> None:
    need = find_service("s3").need
    assert need is not None
    [policy] = codes(explain_service(find_service("s3"), case_of(example("google"))), "Way 1")
    assert policy.statements[0].actions == need.reads
    [worked] = codes(explain_service(find_service("s3"), case_of(example("github-actions"))), "Way 1")
    assert worked.statements[0].actions == need.works


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("service", ["s3", "kms", "lightsail", "backup"])
def test_every_example_can_be_compared_on_every_kind_of_service(name: str, service: str) -> None:
    assert explain_service(find_service(service), case_of(example(name))).sections


# -- the table -----------------------------------------------------------------------------------------------


def test_lightsail_has_no_resource_based_policies() -> None:
    assert find_service("lightsail").support == "no"
    assert find_service("Lightsail").write == ()


def test_an_unknown_service_is_told_with_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        find_service("lightsai")
    assert "lightsail" in caught.value.problems[0].fix
    with pytest.raises(InputError):
        find_service("")


def test_a_service_without_such_a_call_says_how_that_is_known() -> None:
    service = find_service("rds")
    assert (service.support, service.certainty) == ("not found", "SDK model alone")
    assert "not looked up" in service.note


def test_every_service_says_what_it_is_called_and_how_it_is_written() -> None:
    for service in load_services().services.values():
        assert service.support in ("yes", "partly", "no")
        assert service.name
        if service.support == "yes":
            assert service.policy
            assert service.write, service.id


def test_no_service_is_told_both_ways() -> None:
    data = load_services()
    assert not set(data.services) & set(data.without)


def test_the_whole_table_is_there_on_request() -> None:
    [section] = explain_services().sections
    [grid] = [block for block in section.blocks if isinstance(block, Grid)]
    assert len(grid.rows) == len(load_services().services)


def test_every_call_that_the_reviewed_facts_name_is_in_the_sdks_model() -> None:
    from botocore.loaders import Loader

    facts = yaml.safe_load((ROOT / "scripts" / "services" / "facts.yaml").read_text())
    loader = Loader()
    calls = [call for row in facts.values() for call in (*row.get("write", ()), *row.get("read", ()))]
    models = {
        service: loader.load_service_model(service, "service-2")["operations"]
        for service in {call.partition(":")[0] for call in calls}
    }
    assert not [call for call in calls if call.partition(":")[2] not in models[call.partition(":")[0]]]
    assert set(facts) <= set(load_services().services)


def test_the_generator_takes_a_read_for_what_the_set_call_writes() -> None:
    path = ROOT / "scripts" / "generate_services.py"
    spec = importlib.util.spec_from_file_location("generate_services", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    operations = ["PutResourcePolicy", "GetResourcePolicy", "GetPolicy", "PutThing", "ListResourcePolicies"]
    row = module.found_in_model("new", "New", operations)
    assert row["write"] == ["new:PutResourcePolicy"]
    assert row["read"] == ["new:GetResourcePolicy", "new:ListResourcePolicies"]
    assert module.found_in_model("other", "Other", ["PutThing", "GetPolicy"]) is None


# -- the bucket exception ------------------------------------------------------------------------------------


def test_a_grant_that_reads_one_buckets_objects_is_shown_both_ways(tmp_path: Path) -> None:
    found = explain_grant(from_text(BUCKET_GRANT, tmp_path))
    [section] = [one for one in found.sections if one.key == "bucket"]
    [command] = [block for block in section.blocks if isinstance(block, Code) and block.language == "sh"]
    assert "--bucket-name acme-reports" in command.text
    assert "--readonly-access-accounts 444455556666" in command.text
    [role] = codes(found, "Way 1, the role")
    assert role.statements[0].actions == ("s3:GetObject",)
    [reader] = codes(found, "Way 2")
    assert reader.canonical == reader_policy("acme-reports").canonical


def test_the_reader_of_the_bucket_needs_its_own_policy(tmp_path: Path) -> None:
    """The bucket's list of accounts works as a resource-based policy that names them."""
    named = PolicyDocument.of(
        Statement(
            effect=Effect.ALLOW,
            principals=(TypedPrincipal(PrincipalType.AWS, "444455556666"),),
            actions=("s3:GetObject",),
            resources=("arn:aws:s3:::acme-reports/*",),
        )
    )
    request = Request(
        principal="arn:aws:iam::444455556666:role/reader",
        action="s3:GetObject",
        resource="arn:aws:s3:::acme-reports/2026/november.csv",
        resource_account="111122223333",
    )
    assert evaluate(request, Policies(resource=named)).denied
    assert evaluate(request, Policies(identity=(reader_policy("acme-reports"),), resource=named)).allowed


OTHER_NEEDS = {
    "writing": ('["s3:GetObject", "s3:PutObject"]', '"arn:aws:s3:::acme-reports/*"'),
    "two buckets": ('["s3:GetObject"]', '["arn:aws:s3:::acme-reports/*", "arn:aws:s3:::other/*"]'),
    "any bucket": ('["s3:GetObject"]', '"arn:aws:s3:::*"'),
    "everything": ('["s3:GetObject"]', '"*"'),
    "listing alone": ('["s3:ListBucket"]', '"arn:aws:s3:::acme-reports"'),
}


@pytest.mark.parametrize("need", OTHER_NEEDS)
def test_other_needs_do_not_fit_the_exception(need: str, tmp_path: Path) -> None:
    action, resource = OTHER_NEEDS[need]
    text = BUCKET_GRANT.replace('["s3:GetObject"]', action).replace('"arn:aws:s3:::acme-reports/*"', resource)
    assert bucket_of(case_of(from_text(text, tmp_path))) is None


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_example_fits_the_exception(name: str) -> None:
    assert bucket_of(case_of(example(name))) is None


# -- facts ---------------------------------------------------------------------------------------------------


def test_every_fact_names_its_page() -> None:
    for fact in (*contrasts(), *choices(), *newer_ways().values()):
        assert fact.source


def test_every_page_that_is_named_is_listed_in_the_documentation() -> None:
    page = (ROOT / "docs" / "explanation" / "roles-and-resource-based-policies.md").read_text()
    named = set(explain_general().sources()) | {getattr(sources, name) for name in sources.__all__}
    named |= {one.source for one in load_services().services.values() if one.source}
    for name in EXAMPLES:
        named |= set(explain_grant(example(name)).sources())
    pages = {text for source in named for text in source.split("; ")}
    missing = sorted(text for text in pages if text.rpartition(": ")[2].partition(" (as")[0] not in page)
    assert not missing


def test_the_case_of_the_grant_stands_beside_the_general_comparison() -> None:
    [_, grid] = contrast_section(case_of(example("third-party"))).blocks
    assert isinstance(grid, Grid)
    here = {row.cells[0]: row.cells[3] for row in grid.rows}
    assert here["How long it lasts"] == (
        "Sessions of at most 1 hour. A console session made from one: 12 hours. Until 2030-01-31 (UTC)."
    )
    assert here["External ID, against the confused deputy"] == "Asked for."
    assert here["Naming a whole account"] == "The whole account is named."
    assert set(here) <= {fact.question for fact in contrasts()}
