"""The doctor's words in English: of each check its name and why it matters, of what was seen the words and the cure."""

from __future__ import annotations

from remediation.diagnosis import Check, Seen, Status

STATUSES: dict[Status, str] = {
    Status.OK: "ok",
    Status.WARNING: "warning",
    Status.PROBLEM: "problem",
    Status.UNKNOWN: "unknown",
    Status.BY_HAND: "by hand",
}

CHECKS: dict[Check, tuple[str, str]] = {
    Check.TEMPORAL: ("Temporal", "Every run lives there: without it no event is taken in, and nothing is repaired."),
    Check.NAMESPACE: ("namespace", "Runs are kept in it; the worker, the door and the console have to name the same."),
    Check.RETENTION: (
        "retention",
        "What has ended is forgotten after that: `medic why` has no answer, and a worker that was away longer cannot "
        "see how a repair ended.",
    ),
    Check.ATTRIBUTES: ("search attributes", "Without them every run stands still at its first step."),
    Check.WORKER: ("worker", "Events are taken in and kept, but only a worker acts on them."),
    Check.VERSION: ("version", "Of two versions, one may not understand what the other has written or asks for."),
    Check.CREDENTIALS: ("credentials", "Every look at an instance, and every repair, is signed with them."),
    Check.CLOCK: (
        "clock",
        "A signature holds for five minutes: with a wrong clock every call is refused, and times are compared wrongly.",
    ),
    Check.READ: ("read permission", "What cannot be read cannot be judged: the repair goes to people instead."),
    Check.WRITE: ("write permission", "If it is missing, a repair finds out in the middle, and hands over to people."),
    Check.QUOTA: ("snapshot quota", "Without room for a snapshot there is no reboot."),
    Check.PAGE: ("medic.yaml", "It says what is healed, how, and who is told; a worker does not start with mistakes."),
    Check.CHANNEL: ("channel", "Whom a notice does not reach knows neither of the fault nor of a question."),
    Check.RULES: ("EventBridge rules", "What they do not let through never reaches us, and nobody notices."),
    Check.DELIVERIES: (
        "EventBridge deliveries",
        "An account has so many a day; once they are used up, alarms are lost without a word.",
    ),
}

SEEN: dict[Seen, tuple[str, str]] = {
    Seen.NOT_LOOKED: ("could not be looked at: {error}", "Mend that, and run `medic doctor` again."),
    Seen.WAITS: ("not looked at: {first} comes first", ""),
    Seen.TEMPORAL_ANSWERS: ("{address} answers, version {version}", ""),
    Seen.TEMPORAL_AWAY: ("{error}", "{hint}"),
    Seen.NAMESPACE_THERE: ("{namespace} is there", ""),
    Seen.NAMESPACE_MISSING: (
        "there is no namespace {namespace}",
        "Set TEMPORAL_NAMESPACE, or: temporal operator namespace create --namespace {namespace} --retention 720h",
    ),
    Seen.RETENTION_LONG: ("what has ended is kept for {kept}", ""),
    Seen.RETENTION_SHORT: (
        "what has ended is kept for {kept} only",
        "temporal operator namespace update --namespace {namespace} --retention 720h",
    ),
    Seen.ATTRIBUTES_THERE: ("all {count} are registered", ""),
    Seen.ATTRIBUTES_MISSING: ("missing: {names}", "medic doctor --fix, or: {command}"),
    Seen.ATTRIBUTES_ODD: (
        "of another type than Keyword: {names}",
        "Another program uses these names: give cvm-medic a namespace of its own.",
    ),
    Seen.ATTRIBUTES_ADDED: ("registered just now: {names}", ""),
    Seen.WORKER_POLLS: ("{who} polled {task_queue} within the last five minutes", ""),
    Seen.WORKER_ABSENT: (
        "none has polled {task_queue} of namespace {namespace} for five minutes",
        "Start `medic worker`, or set the same MEDIC_TASK_QUEUE and TEMPORAL_NAMESPACE here and there.",
    ),
    Seen.WORKER_PARTLY: (
        "{who} polls, but nobody polls {queues}",
        "It is an old worker, or one that is just starting: restart it with this version.",
    ),
    Seen.VERSION_SAME: ("worker and console are both of build {ours}", ""),
    Seen.VERSION_OTHER: (
        "this console is of build {ours}, and not so {who}",
        "Restart the worker with the code of this console, or use the console of its image.",
    ),
    Seen.VERSION_UNSAID: (
        "this console is of build {ours}; {who} does not say its own",
        "It is an older version: restart the worker with the code of this console.",
    ),
    Seen.CREDENTIALS_OF: ("{kind} {arn} of account {account}", ""),
    Seen.CREDENTIALS_TAKEN: (
        "the cloud takes them, and does not say whose they are: {error}",
        "Grant sts:GetCallerIdentity (deploy/terraform/policies/read.json), or look in the CAM console.",
    ),
    Seen.CREDENTIALS_REFUSED: (
        "{error}",
        "Set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY as where the worker runs, or bind a role to the "
        "machine (docs/reference/settings.md).",
    ),
    Seen.CLOCK_RIGHT: ("{seconds} s from the cloud's", ""),
    Seen.CLOCK_OFF: ("this machine's clock is {seconds} s from the cloud's", "Set it by NTP, on this machine."),
    Seen.CLOCK_UNTOLD: (
        "no answer of the cloud had a time",
        "Mend what kept the cloud from answering, and run `medic doctor` again.",
    ),
    Seen.READ_ALLOWED: ("allowed", ""),
    Seen.READ_DENIED: (
        "denied",
        "Grant it: the policy deploy/terraform/policies/{policy}.json has it.",
    ),
    Seen.WRITE_UNTOLD: (
        "cannot be told without acting: the API has no dry run",
        "Look in the CAM console whether the policy deploy/terraform/policies/{policy}.json is attached; `medic "
        "certify` tries on a throw-away instance what a repair with a reboot needs.",
    ),
    Seen.WRITE_UNNEEDED: ("not needed: no rule comes to it", ""),
    Seen.QUOTA_LEFT: ("{count} of {limit}", ""),
    Seen.QUOTA_NEAR: (
        "{count} of {limit}",
        "Delete some that nobody needs: `medic snapshots --region {region}` shows ours.",
    ),
    Seen.QUOTA_USED_UP: (
        "all {limit} are used up",
        "Delete some that nobody needs: `medic snapshots --region {region}` shows ours.",
    ),
    Seen.PAGE_RIGHT: ("{file} has no mistakes", ""),
    Seen.PAGE_UNREADABLE: (
        "cannot be read: {error}",
        "Write one with `medic init`, or set MEDIC_CONFIG to where it is.",
    ),
    Seen.PAGE_WRONG: ("{error}", "Correct it; `medic lint` shows the line."),
    Seen.PAGE_DOUBTFUL: ("{error}", "Correct it if it is not meant; `medic lint` shows the line."),
    Seen.CHANNEL_SHAPED: ("its {kind} address has the right shape; nothing was sent (--send does)", ""),
    Seen.CHANNEL_WRONG: ("{error}", "Correct it in medic.yaml, or in the environment of the worker."),
    Seen.CHANNEL_REACHED: ("a test message was taken: {answer}", ""),
    Seen.CHANNEL_NOT_REACHED: (
        "a test message was not taken: {error}",
        "Correct the address, or what stands between: the message has to go out from the worker's machine.",
    ),
    Seen.RULES_LET_IN: ("the {count} rules of {source} let in all that medic.yaml asks for", ""),
    Seen.RULES_KEEP_OUT: (
        "none of {source} certainly lets in what this needs: {serves}",
        "Give the default bus of ap-guangzhou a rule with this pattern: {pattern}. For Terraform: medic eventbridge "
        "--output json > deploy/terraform/rules.auto.tfvars.json",
    ),
    Seen.RULES_UNREAD: (
        "what stands on the bus itself was not read: the worker's policies have no permission for it",
        "tccli eb ListRules --region ap-guangzhou --EventBusId eb-ID names the rules; append what tccli eb GetRule "
        "--region ap-guangzhou --EventBusId eb-ID --RuleId rule-ID answers for each to a file, and run medic doctor "
        "--rules FILE. Whether each has the function as its target only the console shows.",
    ),
    Seen.DELIVERIES_UNTOLD: (
        "how many are used up cannot be read from here; an account has 2,000 or 10,000 a day (Tencent's pages differ), "
        "and each event counts once for each target of each rule that it matches",
        "Compare with the deliveries of a day that the console shows: EventBridge, Guangzhou, the default bus, "
        "monitoring. Narrow rules of others that have no type; ask Tencent for more.",
    ),
}
