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
    list_of,
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
    "Check this snapshot (a file from collect; - is stdin) instead of the cloud.",
    HOSTS,
    implicit=False,
)
ALL: Final = Setting("all", switch(), "Check all clusters that the account shows.", HOSTS)
TARGETS: Final = Setting("targets FILE", text(), "Check the accounts and clusters in this file.", HOSTS, implicit=False)
SHARD: Final = Setting(
    "shard I/N",
    Kind(lambda value: Shard.parse(text().read(value))),
    "Check only shard I of N shards of the clusters.",
    HOSTS,
)
SUMMARY: Final = Setting("summary", switch(), "Table: show only the rows and the summary.", REPORT)
ROW: Final = Setting("row ROW", list_of(choice(*ROWS)), "Table: show only this row.", REPORT)
MIN_SEVERITY: Final = Setting(
    "min-severity SEVERITY", choice(*SEVERITIES), "Table: show only findings of this or a higher severity.", REPORT
)
OUTPUT: Final = Setting("output FILE", text(), "Write to FILE instead of stdout.", REPORT, short="-o")
CONFIG: Final = Setting(
    "config FILE", text(), "Read settings from FILE.", GENERAL_PANEL, "./cloudguard.toml if there is one"
)
TIMEOUT: Final = Setting(
    "timeout TIME",
    duration(),
    "Stop reading after this time (90s, 30m, 2h); facts not read are UNKNOWN.",
    GENERAL_PANEL,
)
NO_PROGRESS: Final = Setting("no-progress", switch(), "Do not show progress.", GENERAL_PANEL)
QUIET: Final = Setting("quiet", switch(), "Write only errors to stderr.", GENERAL_PANEL, short="-q")
VERBOSE: Final = Setting(
    "verbose",
    counted(),
    "Show all advice and the traceback of an internal error, and log calls. -vv: also log the cloud SDK's messages.",
    GENERAL_PANEL,
    short="-v",
)
LOG_FORMAT: Final = Setting(
    "log-format FORM",
    choice("text", "json"),
    "Log as text or JSON; with json, all lines on stderr are JSON.",
    GENERAL_PANEL,
    "text on a terminal",
)
LOG_FILE: Final = Setting(
    "log-file FILE", text(), "Append the calls and all lines of stderr to FILE.", GENERAL_PANEL, implicit=False
)
LIST_FORMAT: Final = Setting(
    "format FMT[=FILE]",
    list_of(choice_to_file("table", "json")),
    "Write table or json, to FILE if given.",
    REPORT,
    "table",
    short="-f",
)
PLAN_FORMATS: Final = ("diff", "json", "certificate", "terraform", "shell", "source")
PLAN_FORMAT: Final = Setting(
    "format FMT[=FILE]",
    list_of(choice_to_file(*PLAN_FORMATS)),
    f"Write {', '.join(PLAN_FORMATS[:-1])} or {PLAN_FORMATS[-1]}, to FILE if given.",
    REPORT,
    "diff",
    short="-f",
)
PERMISSION_FORMAT: Final = Setting(
    "format FMT[=FILE]",
    list_of(choice_to_file("json", "terraform", "cloudformation", "table")),
    "Write json, terraform or cloudformation (AWS), to FILE if given; with --verify table or json.",
    REPORT,
    "json",
    short="-f",
)
VERIFY: Final = Setting("verify", switch(), "Test each call harmlessly and list the outcomes.", REPORT)
PLAN_ROW: Final = Setting("row ROW", list_of(choice(*ROWS)), "Plan only for findings of this row.", REPORT)
ONLY: Final = Setting(
    "only FINDINGS", text(), "Plan only for these findings: numbers or ids, separated by commas.", REPORT
)
WITH_ADVICE: Final = Setting("with-advice", switch(), "Plan for low findings (advice) too.", REPORT)
DEFAULT_MOST_RULES: Final = 4
MOST_RULES: Final = Setting(
    "most-rules N", whole_number(), "Replace one rule by at most N rules.", REPORT, str(DEFAULT_MOST_RULES)
)
TERRAFORM_STATE: Final = Setting(
    "terraform-state FILE", text(), "Name the blocks of this state (output of terraform show -json).", REPORT
)
REASON: Final = Setting("reason TEXT", text(), "Why the finding is accepted.", WAIVER_PANEL)
OWNER: Final = Setting("owner NAME", text(), "Who accepts it, and is asked when the waiver expires.", WAIVER_PANEL)
EXPIRES: Final = Setting(
    "expires DATE", text(), "The waiver's last day (2027-03-31), or days from today (90d).", WAIVER_PANEL, "90d"
)
OF_CLUSTER: Final = Setting("cluster NAME", list_of(text()), "Only clusters with this name.", REPORT, "all")
EVERY: Final = Setting("every TIME", duration(), "The length of a period.", REPORT, "7d")
KEEP: Final = Setting("keep TIME", duration(), "Delete what is older than this: 400d.", REPORT)
GENERAL: Final = (CONFIG, TIMEOUT, NO_PROGRESS, QUIET, VERBOSE, LOG_FORMAT, LOG_FILE)
NOT_IN_FILE: Final = (
    *(SNAPSHOT, ALL, TARGETS, SHARD, VERIFY, SUMMARY, ROW, MIN_SEVERITY, OUTPUT),
    *GENERAL,
    *(REASON, OWNER, EXPIRES, EVERY, KEEP),
)


def own_flags(provider: str) -> tuple[Setting[tuple[str, ...]], ...]:
    """Return the flags of ``provider`` alone; raises UsageError if the provider is not installed."""
    return tuple(
        Setting(
            f"{option.name} {option.metavar}",
            Kind(list_of(text(), least=1).read, many=option.many),
            option.help,
            f"Options of {provider}",
            implicit=option.implicit,
            variables=option.variables,
        )
        for option in load(provider).options
    )
