"""From a plan to an account: show, ask, run, tell. Used by apply and destroy."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

from xacct.cli.output import Output, problems_to_json
from xacct.cli.plans import refuse_blocked, show_plan
from xacct.cli.wiring import Wiring, state_folder
from xacct.errors import ExitCode, InputError, StalePlanError, XacctError
from xacct.render.style import Style

if TYPE_CHECKING:
    from xacct.apply import GrantSteps, Journal, Outcome, Writer
    from xacct.plan.model import Plan

__all__ = ["Applying", "check_digest"]


def check_digest(plan: Plan, expected: str | None) -> None:
    """Refuse a plan that is not the one whose digest was seen. Raises StalePlanError."""
    from xacct.plan.file import plan_digest

    if expected is None:
        return
    found = plan_digest(plan)
    if found != expected.strip().lower():
        raise StalePlanError(
            f"the plan's digest is {found}, not {expected}: this is not the plan that was reviewed",
            where="--expect-digest",
            fix="review the plan again: xacct show plan.json, or xacct plan",
            code="digest",
        )


class Applying:
    """Carries one plan out and tells how it went."""

    def __init__(
        self,
        wiring: Wiring,
        output: Output,
        *,
        yes: bool,
        jobs: int,
        max_failures: int | None,
        canary: str | None = None,
    ) -> None:
        self.wiring = wiring
        self.output = output
        self.yes = yes
        self.jobs = jobs
        self.max_failures = max_failures
        self.canary = canary

    def refreshed(self, plan: Plan) -> Plan:
        """Check a saved plan against the account as it is now. Raises StalePlanError, saying what moved."""
        from xacct.plan.stale import check_fresh, scopes_of

        if plan.target != self.wiring.target:
            raise StalePlanError(
                f"the plan was made for {plan.target}; this run is for {self.wiring.target}",
                fix="apply it where it was made for, or make a plan here",
                code="other-target",
            )
        check_fresh(plan, self.wiring.read(scopes_of(plan)), self.wiring.grants_on_disk(plan))
        return plan

    def run(self, plan: Plan, before: Callable[[], None] = lambda: None) -> int:
        """Show, ask, carry out, report; ``before`` is done once the plan is to be applied."""
        if not self.output.as_json:
            show_plan(plan, self.output)
        refuse_blocked(plan)
        if plan.is_empty and not self.bookkeeping(plan):
            before()
            if self.output.as_json:
                self.output.json({"outcome": "nothing to change", "results": []})
            return ExitCode.DONE
        self.ask(plan)
        before()
        outcome = self.carry_out(plan)
        self.report(outcome)
        return outcome.exit_code

    @staticmethod
    def bookkeeping(plan: Plan) -> bool:
        from xacct.plan.work import work_of

        return bool(work_of(plan))

    def ask(self, plan: Plan) -> None:
        """Ask at a terminal; elsewhere want --yes. Raises InputError."""
        if self.yes:
            return
        if not (sys.stdin.isatty() and sys.stderr.isatty()) or self.output.as_json:
            raise InputError(
                "nobody is here to say yes, and nothing was changed",
                where="--yes",
                fix="look at the plan above, then run the same with --yes",
                code="no-terminal",
            )
        from xacct.plan.file import plan_digest
        from xacct.render.plan_text import gain_lines

        style = Style(color=self.output.settings.use_color, width=self.output.settings.width)
        lines = list(gain_lines(plan, style))
        if lines:
            sys.stderr.write("\n".join(["This gives access that was not there before:", *lines, ""]))
        sys.stderr.write(f"Apply this plan, digest {plan_digest(plan)[:12]}? Type yes: ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise XacctError(
                "not applied: the answer was not yes, and nothing was changed",
                fix="run the same again and type yes, or pass --yes",
                code="declined",
            )

    def carry_out(self, plan: Plan) -> Outcome:
        from xacct.apply import Journal
        from xacct.plan.work import canary_first, work_of

        phases = work_of(plan, now=self.wiring.now_text)
        first, rest = canary_first(phases, self.canary) if self.canary else (phases, [])
        accounts = {part.account for phase in phases for part in phase}
        writers = {account: self.wiring.writer(account) for account in sorted(accounts)}
        moment = self.wiring.now.strftime("%Y%m%dT%H%M%S")
        path = state_folder() / "journal" / f"{moment}-{time.monotonic_ns() % 10**6:06d}.jsonl"
        with Journal(path, lambda: datetime.now(UTC)) as journal:
            outcome = self.carry_out_phases(first, writers, journal)
            return self.go_on(outcome, rest, writers, journal) if rest else outcome

    def carry_out_phases(
        self, phases: Sequence[Sequence[GrantSteps]], writers: Mapping[str, Writer], journal: Journal
    ) -> Outcome:
        from xacct.apply import apply_plan
        from xacct.cli.progress import Progress

        progress = Progress(self.output)
        try:
            return apply_plan(
                phases,
                writers,
                jobs=self.jobs,
                max_failures=self.max_failures,
                journal=journal,
                clock=time.monotonic,
                on_event=progress.tell,
            )
        finally:
            progress.close()

    def go_on(
        self,
        canary: Outcome,
        rest: Sequence[Sequence[GrantSteps]],
        writers: Mapping[str, Writer],
        journal: Journal,
    ) -> Outcome:
        """After the canary: the rest where it did well, else the rest stays undone."""
        from xacct.apply import not_started

        if canary.exit_code != ExitCode.DONE:
            return attrs.evolve(canary, results=(*canary.results, *not_started(rest)))
        others = self.carry_out_phases(rest, writers, journal)
        return attrs.evolve(
            others,
            results=(*canary.results, *others.results),
            seconds=canary.seconds + others.seconds,
        )

    def report(self, outcome: Outcome) -> None:
        from xacct.render.events import outcome_text, outcome_to_json

        if self.output.as_json:
            value: dict[str, Any] = outcome_to_json(outcome)
            problems = [problem for result in outcome.results for problem in result.problems]
            self.output.json({**value, **(problems_to_json(problems) if problems else {})})
            return
        self.output.result(outcome_text(outcome, self.output.style))
