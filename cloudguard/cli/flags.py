"""The flags that ``needs.settings`` does not have: those of single commands or runs, and those of a provider."""

from __future__ import annotations

from typing import Final

from cloudguard.cli.typer_commands import GENERAL_PANEL
from cloudguard.fleet.shard import Shard
from cloudguard.needs.setting import Setting
from cloudguard.needs.setting_values import (
    Kind,
    choice,
    choice_to_file,
    counted,
    duration,
    many,
    switch,
    text,
    whole_number,
)
from cloudguard.needs.settings import HOSTS, REPORT, SEVERITIES
from cloudguard.provider.port import load

WAIVER_PANEL: Final = "Waiver"
SCHEMAS: Final = ("report", "snapshot", "plan", "comparison", "config", "waivers")
"""The names of the schemas that ``schema`` prints."""
ROWS: Final = ("api-server-access", "node-access", "cloud-api-access", "etcd-access", "etcd-encryption")
SNAPSHOT: Final = Setting(
    "snapshot FILE",
    text(),
    "Judge this file, made by collect, instead of asking the cloud (- is stdin).",
    HOSTS,
    implicit=False,
)
ALL: Final = Setting("all", switch(), "Check all clusters that the account shows.", HOSTS)
TARGETS: Final = Setting(
    "targets FILE", text(), "Check the accounts and clusters that this file names.", HOSTS, implicit=False
)
SHARD: Final = Setting(
    "shard I/N",
    Kind(lambda value: Shard.parse(text().read(value))),
    "Check the I-th of N shares of the clusters.",
    HOSTS,
)
SUMMARY: Final = Setting("summary", switch(), "Table: show only the rows and the summary.", REPORT)
ROW: Final = Setting("row ROW", many(choice(*ROWS)), "Table: show only this row.", REPORT)
MIN_SEVERITY: Final = Setting(
    "min-severity SEVERITY", choice(*SEVERITIES), "Table: show only findings of this severity and worse.", REPORT
)
OUTPUT: Final = Setting("output FILE", text(), "Write to FILE instead of stdout.", REPORT, short="-o")
CONFIG: Final = Setting(
    "config FILE", text(), "Read settings from FILE.", GENERAL_PANEL, "./cloudguard.toml if there is one"
)
TIMEOUT: Final = Setting(
    "timeout TIME",
    duration(),
    "Read no longer than this (90s, 30m, 2h), and judge what was read; the rest is UNKNOWN.",
    GENERAL_PANEL,
)
NO_PROGRESS: Final = Setting("no-progress", switch(), "Show no progress.", GENERAL_PANEL)
QUIET: Final = Setting("quiet", switch(), "Say nothing on stderr but errors.", GENERAL_PANEL, short="-q")
VERBOSE: Final = Setting(
    "verbose",
    counted(),
    "Show all advice, and the traceback of an internal error; log the calls. Twice: log what the cloud's SDK says too.",
    GENERAL_PANEL,
    short="-v",
)
LOG_FORMAT: Final = Setting(
    "log-format FORM",
    choice("text", "json"),
    "Log lines of text or JSON; with json, all that is said on stderr is JSON.",
    GENERAL_PANEL,
    "text on a terminal",
)
LOG_FILE: Final = Setting(
    "log-file FILE", text(), "Add the calls, and all that is said on stderr, to FILE.", GENERAL_PANEL, implicit=False
)
LIST_FORMAT: Final = Setting(
    "format FMT[=FILE]",
    many(choice_to_file("table", "json")),
    "Write table or json, to FILE if given.",
    REPORT,
    "table",
    short="-f",
)
PLAN_FORMATS: Final = ("diff", "json", "certificate", "terraform", "shell", "source")
PLAN_FORMAT: Final = Setting(
    "format FMT[=FILE]",
    many(choice_to_file(*PLAN_FORMATS)),
    f"Write {', '.join(PLAN_FORMATS[:-1])} or {PLAN_FORMATS[-1]}, to FILE if given.",
    REPORT,
    "diff",
    short="-f",
)
PERMISSION_FORMAT: Final = Setting(
    "format FMT[=FILE]",
    many(choice_to_file("json", "terraform", "cloudformation", "table")),
    "Write json, terraform or cloudformation (AWS), to FILE if given; with --verify table or json.",
    REPORT,
    "json",
    short="-f",
)
VERIFY: Final = Setting("verify", switch(), "Try each call instead, and list those that are refused.", REPORT)
PLAN_ROW: Final = Setting("row ROW", many(choice(*ROWS)), "Plan only for findings of this row.", REPORT)
ONLY: Final = Setting(
    "only FINDINGS", text(), "Plan only for these findings: numbers of the first screen, or ids, with commas.", REPORT
)
WITH_ADVICE: Final = Setting("with-advice", switch(), "Plan for low findings too, which are advice.", REPORT)
DEFAULT_MOST_RULES: Final = 4
MOST_RULES: Final = Setting(
    "most-rules N",
    whole_number(),
    "Put no more than so many rules in the place of one.",
    REPORT,
    str(DEFAULT_MOST_RULES),
)
TERRAFORM_STATE: Final = Setting(
    "terraform-state FILE", text(), "Name the blocks of this state, the output of terraform show -json.", REPORT
)
REASON: Final = Setting("reason TEXT", text(), "Why the finding is accepted.", WAIVER_PANEL)
OWNER: Final = Setting("owner NAME", text(), "Who accepts it, and is asked when it expires.", WAIVER_PANEL)
EXPIRES: Final = Setting(
    "expires DATE", text(), "Its last day (2027-03-31), or in so many days (90d).", WAIVER_PANEL, "90d"
)
OF_CLUSTER: Final = Setting("cluster NAME", many(text()), "Only clusters of this name.", REPORT, "all")
EVERY: Final = Setting("every TIME", duration(), "The length of a period.", REPORT, "7d")
KEEP: Final = Setting("keep TIME", duration(), "Take out what is older than this: 400d.", REPORT)
NOT_IN_FILE: Final = (
    *(SNAPSHOT, ALL, TARGETS, SHARD, VERIFY, SUMMARY, ROW, MIN_SEVERITY, OUTPUT),
    *(CONFIG, TIMEOUT, NO_PROGRESS, QUIET, VERBOSE, LOG_FORMAT, LOG_FILE),
    *(REASON, OWNER, EXPIRES, EVERY, KEEP),
)
GENERAL: Final = (CONFIG, TIMEOUT, NO_PROGRESS, QUIET, VERBOSE, LOG_FORMAT, LOG_FILE)


def own_flags(provider: str) -> tuple[Setting[tuple[str, ...]], ...]:
    """Return the flags of ``provider`` alone; raises UsageError if the provider is not installed."""
    return tuple(
        Setting(
            f"{option.name} {option.metavar}",
            Kind(many(text(), least=1).read, many=option.many),
            option.help,
            f"Options of {provider}",
            implicit=option.implicit,
            variables=option.variables,
        )
        for option in load(provider).options
    )
