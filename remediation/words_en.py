"""English: what every reason, phrase and name says to somebody who was woken by it."""

from __future__ import annotations

from remediation.phrases import Phrase
from remediation.reasons import Code

REASONS: dict[Code, str] = {
    Code.RULE_RUNS: "Rule `{rule}` matches and runs `{runbook}`.",
    Code.RULE_NOTIFIES: "Rule `{rule}` matches; it tells people and runs nothing.",
    Code.NO_RULE: "No rule matches this event. If one should, add it to `rules` in medic.yaml.",
    Code.JOINED: "A remediation of this instance is running already; this alarm joined it.",
    Code.JOINED_HELD: "The repair that event {event} asked for waits for its turn; this alarm joined it.",
    Code.CONFLICT: "Event {event} was taken in before with another content: this one is recorded, and not acted on. "
    "Check who else sends events.",
    Code.OUR_REBOOT: "Our own reboot raised this alarm (run {run}, at {at}): it is kept as evidence.",
    Code.FOREIGN_REBOOT: "Nobody of ours asked for this reboot; rule `{rule}` only notifies.",
    Code.ECHO_UNANSWERED: "{fault} was reported during our reboot, at {since}, and nobody has reported it as over. "
    "Check whether the instance can be reached.",
    Code.HELD_TOO_LONG: "The repair waited for its turn until the alarm was {age} old; `act_within` is {limit}: "
    "nothing was touched.",
    Code.DUPLICATE: "Event {event} was taken in before and has been delivered again.",
    Code.RECOVERY: "The cloud reports that the symptom is gone.",
    Code.TOO_OLD: "The alarm is {age} old and `max_age` is {limit}: it is told, not acted on. If the instance is still "
    "sick, send a fresh event with `medic send`.",
    Code.OVER_ALREADY: "The cloud reported this symptom as gone at {at}; this older alarm was delivered after that: "
    "it is told, not acted on.",
    Code.ATTEMPTS_USED: "Repairs begun: {tried}, those that people denied or cancelled among them; `max_attempts` "
    "allows {limit}. None is begun again by itself: look for the cause on the instance.",
    Code.DAY_USED: "Repairs of this instance within 24 hours: {tried}; `max_per_day` allows {limit}. Look for the "
    "cause before you raise it.",
    Code.FSTAB_SEEN: "A broken fstab was reported at {since}: the machine might not survive a reboot. Mend "
    "fstab, then send a fresh event with `medic send`.",
    Code.PLATFORM_REPAIRS: "The platform has reported at {since} that it repairs or restarts this instance itself, "
    "and has not reported the end of it. See the maintenance tasks in the console.",
    Code.RELAPSE: "The symptom came back {after} after the repair, within the watch of {watch}. The repair does not "
    "last: look for the cause on the instance.",
    Code.TEST: "This was sent with `medic notify {channel}` on {machine}.",
    Code.UNREADABLE: "An event could not be read: {error}.",
    Code.UNDECIDED: "What to do about this event could not be decided, and nothing was done: {error}. The worker's log "
    "says more.",
    Code.FOLDED: "Too many events came in to keep each of them: {count} more were only counted.",
    Code.FROZEN: "{by} froze {where} until {until}: {why}. Nothing that changes an instance is sent. `medic fleet` "
    "shows the freeze, `medic unfreeze` ends it.",
    Code.MANY_ACTING: "{acting} are under repair; `max_acting` allows {limit} of {region} at once. The rest wait for "
    "their turn.",
    Code.HOUR_USED: "Repairs begun in {region} within the last hour: {count}; `max_actions_per_hour` allows {limit}. "
    "The rest wait for their turn.",
    Code.OTHERS_FIRST: "Instances of {region} that wait and came first: {before}.",
    Code.MEMORY_UNREADABLE: "What this incident remembered cannot be read by this worker ({error}). What was tried "
    "is not known, and counts as one attempt of today. Start the newer release again; what was decided stands in the "
    "incident's earlier run.",
    Code.GUARD_SILENT: "The guard of the region's limits gave no permit ({error}): it is asked again.",
    Code.STILL_HELD: "An earlier repair of {instance} has not been seen to end.",
    Code.TOO_MANY_WAIT: "{waiting} instances of {region} wait already; more are not listed, and ask again by "
    "themselves.",
    Code.HOLD_OVER: "No instance of {region} waits any more.",
    Code.WOULD_ACT: "The rule only observes: the instance was read, and nothing that changes it was sent.",
    Code.INSTANCE_UNKNOWN: "The cloud knows no instance {instance} in this region. Check the region and the id in the "
    "event (the console's template carries a placeholder such as ins-xxxxxxxx), and that the worker's credentials "
    "belong to the account that owns it.",
    Code.OUT_OF_SCOPE: "The instance does not carry the tag {tag}, which rule `{rule}` asks for. Set the tag on the "
    "instance in the console, or change `scope` of the rule in medic.yaml.",
    Code.WRONG_STATE: "The instance is {state}, and a reboot needs RUNNING. If it should run, start it in the console.",
    Code.ISOLATED: "The instance is isolated ({state}), as after an overdue bill. Settle or renew it in the billing "
    "console first.",
    Code.BUSY: "Another operation is under way on the instance: {operation} (request {request}). Wait for its end, or "
    "find in CloudAudit who started it.",
    Code.UNPROTECTED: "No snapshot can be made of {disks} (a local or shared disk, or one that cannot have any). "
    "Save them in another way and reboot by hand; or accept the risk with `unprotected: allow` in the runbook.",
    Code.NO_DISKS: "The cloud shows no disk of this instance, so nothing would protect it. Look at its disks in the "
    "console, and whether the worker may call DescribeDisks.",
    Code.ACT_TOO_LATE: "The alarm was {age} old when the reboot could have come, and `act_within` is {limit}. If the "
    "instance is still sick, reboot it by hand or send a fresh event with `medic send`.",
    Code.SNAPSHOT_MISSING: "Just before the reboot, {disk} had no ready snapshot of this run: the disk was attached, "
    "or its snapshot deleted, meanwhile. Look at both in the console, then send a fresh event with `medic send`.",
    Code.DISK_GONE: "{disk} is no longer attached to the instance, so it was not touched. Look at the instance's "
    "disks in the console, then send a fresh event with `medic send`.",
    Code.OTHERS_ACTED: "Somebody else has worked on the instance meanwhile: {operation} (request {request}). Find in "
    "CloudAudit who it was, and ask before you do anything.",
    Code.NOT_APPROVED: "Nobody has approved that {disk} goes back to {snapshot}, so it was not touched.",
    Code.ROLLING_BACK: "{disk} is being rolled back.",
    Code.PARTLY_ROLLED_BACK: "Of the disks that were to go back together, {disks} did not, so the instance was not "
    "started. Roll the rest back in the console, or restore all, and start it yourself.",
    Code.NO_GOOD_SNAPSHOT: "No ready snapshot from before the alarm was found of {disks}, so nothing was rolled "
    "back. Look under Snapshots in the console.",
    Code.NOT_MADE_WORSE: "The rollback goes back to before the repair, and the repair made nothing worse: nothing "
    "was rolled back.",
    Code.ROLLBACK_UNSEEN: "Whether {disk} began to go back to {snapshot} is not known, so the instance was left "
    "stopped. Look at the disk in the console, roll back what is missing, and start it yourself.",
    Code.ROLLBACK_FAILED: "The cloud reports that {disk} could not be rolled back: {error}. The instance was left "
    "stopped: look at the disk in the console, and start it yourself.",
    Code.ROLLBACK_TIMEOUT: "{disk} was not seen to be back at {snapshot} in time (last seen: {last}). The instance "
    "was left stopped: look at the disk in the console, and start it yourself.",
    Code.LEFT_STOPPED: "The instance was left stopped ({why}).",
    Code.STOP_FAILED: "The stop was sent and did not end as it should: {error}. Look at the instance in the console.",
    Code.START_FAILED: "The start was sent and did not end as it should: {error}. Look at the instance in the "
    "console, and start it yourself.",
    Code.STOP_UNKNOWN: "Whether our stop was carried out is not known: the cloud does not show it. Look at the "
    "instance in the console.",
    Code.START_UNKNOWN: "Whether our start was carried out is not known: the cloud does not show it. Look at the "
    "instance in the console, and start it yourself if it is stopped.",
    Code.OPTED_OUT: "The instance carries the tag {tag}: it is left alone, whatever the rules say. Take the tag away "
    "if it may be repaired.",
    Code.CAME_BACK: "Our reboot {request} ended after all, so it was not replaced.",
    Code.ASKED_FIRST: "Rule `{rule}` asks before the first action of `{runbook}`.",
    Code.ASKED_LATE: "The alarm is {age} old and `act_within` is {limit}: it is only acted upon if you say so.",
    Code.ASKED_LARGE: "These disks are larger than `max_size` ({most} GiB): {disks}. Their snapshots take long, and "
    "cost.",
    Code.ASKED_NO_SNAPSHOT: "No ready snapshot of {disks} can be had ({why}). A reboot without one cannot be undone.",
    Code.ASKED_SLOW: "After {elapsed} the snapshots are not ready: {disks}. Time left, if it goes on like this: "
    "{left}.",
    Code.ASKED_ROLLBACK: "The reboot did not help. A rollback takes {disks}; what was written since is lost, and "
    "snapshots of several disks are not of the same moment.",
    Code.NOTHING_ASKED: "This run asks nothing now: it was answered already, or went on, or ended.",
    Code.OTHER_PLAN: "The answer is to plan {given}, and what is asked now is plan {plan}: read it again with `medic "
    "show`.",
    Code.ANSWER_TOO_LATE: "An answer could be given until {until}.",
    Code.NO_SUCH_CHOICE: "`{choice}` is no answer to this question; these are: {choices}.",
    Code.NOT_AN_APPROVER: "{by} is not listed under `approvers` in medic.yaml, and may not approve. Anybody may deny.",
    Code.DENIED: "{by} said no: {why}.",
    Code.NOT_ANSWERED: "Nobody answered within {within}, so it was not done: {action}.",
    Code.SNAPSHOT_TIMEOUT: "The snapshots were not ready within {timeout} (last seen: {last}), so it was not rebooted. "
    "Look at them in the console; `snapshot.timeout` in the runbook gives them more time.",
    Code.SNAPSHOT_LOST: "Snapshot {snapshot} of {disk} was lost while it was being made (state {state}), so it was not "
    "rebooted. Make a snapshot in the console, then reboot by hand.",
    Code.SNAPSHOT_STALLED: "Snapshot {snapshot} of {disk} stood at {percent} % for {stall}, so it was not rebooted. "
    "Look at it in the console; `snapshot.stall` in the runbook can be longer.",
    Code.SNAPSHOT_UNKNOWN: "Whether the snapshot of {disk} was made is not known: the answer was lost and no snapshot "
    "was found, so it was not rebooted. Look under Snapshots in the console.",
    Code.REBOOT_UNKNOWN: "Whether our reboot was carried out is not known: the cloud does not show it. Look at the "
    "instance's operation log in the console before you reboot it again.",
    Code.REBOOT_FAILED: "The cloud took the reboot and reports it as failed: {error} (request {request}). Log in by "
    "VNC in the console, and look before you reboot it again.",
    Code.REBOOT_TIMEOUT: "The reboot was sent and not reported as done within {timeout} (last seen: {last}). Log in by "
    "VNC in the console: a guest that does not react to a soft reboot has to be forced by hand.",
    Code.CLOUD_ERROR: "The cloud answered with an error that trying again does not mend: {error}. If it is about "
    "permissions or credentials, check the worker's CAM policy and its TENCENTCLOUD_SECRET_ID.",
    Code.CLOUD_SILENT: "The cloud was out of reach for {seconds} s: {error}. Check the worker's network and the "
    "cloud's status page.",
    Code.RECOVERED_BY_ITSELF: "The cloud reported at {at} that the symptom is gone, before anything was rebooted.",
    Code.GONE_UNPROVEN: "The cloud reported at {at} that the symptom is gone, so nothing stronger was tried; but that "
    "the instance is well was not proven. Look at it.",
    Code.CANCELLED: "A person cancelled it before the reboot was sent.",
    Code.CANCELLED_LATE: "A person cancelled it after the reboot had been sent, which cannot be taken back; nothing "
    "further was done.",
    Code.UNHEALTHY: "After the reboot the instance is not well: see what is not proven. Log in by VNC in the console.",
    Code.NO_PROOF: "Within {timeout} after the reboot there was no proof that the instance is well. It may be: log in "
    "and look.",
    Code.PROVEN: "The instance is proven to be well again.",
    Code.RUN_ENDED_FROM_OUTSIDE: "The run was ended from outside, without its own last words. Look at the instance, "
    "and find in the run's history who ended it and where it stood.",
    Code.UNDELIVERED: "A notice did not reach {recipient}: {error}. Tell those people, and correct the address in "
    "medic.yaml.",
    Code.TOLD_TOGETHER: "More than {limit} notices of this rule came within {span}, so these are told together.",
    Code.OUR_BUG: "A mistake in cvm-medic itself: {error}. Heal the instance by hand, and report the run.",
    Code.REBOOT_DONE: "The cloud reports our reboot as done (request {request}).",
    Code.RUNNING: "The instance is RUNNING.",
    Code.HEARTBEAT: "The guest's agent gave a sign of life {seconds} s after it was back.",
    Code.SYMPTOM_GONE: "The cloud reported the symptom as gone after the reboot.",
    Code.NOT_RUNNING: "The instance is {state}, not RUNNING.",
    Code.NO_HEARTBEAT: "The guest's agent has given no sign of life since the reboot.",
    Code.AGENT_ABSENT: "The guest has no agent that is online (TAT), so nothing inside it says that it is up.",
    Code.AGENT_UNREADABLE: "Whether the guest's agent lives could not be read: {error}. The worker needs the "
    "permission tat:DescribeAutomationAgentStatus.",
    Code.NO_RECOVERY_ALARM: "The cloud has not reported the symptom as gone.",
    Code.DISK_FULL: "No space is left on {mounts}: a reboot frees none, so nothing was touched. Make room, then "
    "look whether it recovers.",
    Code.INODES_FULL: "No inodes are left on {mounts}: a reboot frees none, so nothing was touched. Remove files, "
    "then look whether it recovers.",
    Code.FSTAB_BROKEN: "What fstab wants is not mounted now: {entries}. After a reboot the machine might not come "
    "up, so nothing was touched. Mend fstab first (or add nofail).",
    Code.GUEST_UNREADABLE: "The look inside the guest failed: {error}.",
    Code.BOOT_NEW: "The guest has really booted anew: its boot id has changed.",
    Code.BOOT_SAME: "The guest has not booted anew: its boot id is the same as before.",
    Code.BOOT_NOT_COMPARED: "Whether the guest has booted anew is open: nobody looked inside before.",
    Code.MOUNTS_WRITABLE: "All {count} file systems of the guest are mounted writable.",
    Code.MOUNTS_READ_ONLY: "Mounted read-only in the guest: {mounts}.",
    Code.QUIET: "The symptom has not fired again since it was back.",
    Code.FIRED_AGAIN: "The symptom fired again at {at}, after it was back.",
    Code.NO_ADDRESS: "None of its addresses may be probed: {addresses}.",
    Code.PROBE_ANSWERED: "{where} answers as it should.",
    Code.PROBE_FAILED: "{where} answers otherwise: {found}.",
    Code.PROBE_SILENT: "{where} did not answer ({error}): that may be a security group.",
    Code.GUEST_NOT_PROBED: "Nothing has looked inside the guest: whether its file systems and services work is open.",
}

PHRASES: dict[Phrase, str] = {
    Phrase.SYMPTOM_SINCE: "{symptom} since {time}",
    Phrase.EVENT_UNREADABLE: "an event could not be read",
    Phrase.EVENTS_UNREADABLE: "{count} events could not be read",
    Phrase.INSTANCES_WAIT: "{count} waiting for repair in {region}",
    Phrase.NONE_WAITS: "nobody waits any more in {region}",
    Phrase.TOGETHER: "{rule}: {count} further notices in one",
    Phrase.TOGETHER_NEED: "{rule}: {count} further notices in one, {needed} of them need you",
    Phrase.TEST_OF: "a test of channel {channel}",
    Phrase.WHAT_TO_DO: "Do you have to do anything? {answer}",
    Phrase.DO_OBSERVED: "cvm-medic does nothing about this and waits for nobody: whether you should is yours to judge.",
    Phrase.DO_ACTING: "No. It goes on by itself, and you will hear how it ended.",
    Phrase.DO_WAITING: "Not yet. Nothing was changed; it is tried again, and you will hear how it ended.",
    Phrase.DO_HELD: "Not now. They wait for their turn; each is looked at again before anything is changed. What "
    "cannot wait is yours to heal by hand.",
    Phrase.DO_HOLD_OVER: "No. Those that waited had their turn, or did not need it any more.",
    Phrase.DO_SYMPTOM_GONE: "No. The symptom is gone.",
    Phrase.DO_NEEDS_YOU: "Yes. The instance may still be sick and cvm-medic does not repair it: look at it now.",
    Phrase.DO_UNDELIVERED: "Yes. Others were to get this notice and did not: tell them.",
    Phrase.DO_UNREADABLE: "Yes. Nothing was done about it, and an instance may be sick: read what came in, look at the "
    "instance that it is about, and correct the sender.",
    Phrase.DO_TEST: "No. Nothing is wrong: somebody looks whether notices arrive here.",
    Phrase.DO_TOGETHER: "None of these notices asks it of you. What is only observed is yours to judge.",
    Phrase.DO_TOGETHER_NEED: "Yes, about {needed} of them, which come first: look at those instances now.",
    Phrase.DO_RECOVERED: "No. The snapshots stay until they expire.",
    Phrase.DO_RECOVERED_BY_ITSELF: "No. The symptom went away before anything was rebooted.",
    Phrase.DO_NOT_RECOVERED: "Yes. The instance is not proven to be well, and nothing further is tried: log in and "
    "look at it now.",
    Phrase.DO_HANDED_OVER: "Yes. The instance is yours now, as it is: nothing further is tried.",
    Phrase.DO_REFUSED: "Yes. The instance may still be sick and cvm-medic may not repair it: look at it, and at why.",
    Phrase.DO_DENIED: "Yes, if the instance is still sick: somebody said no, and nothing further is tried.",
    Phrase.DO_ANSWER: "Yes: answer. It waits for you until {until}, and does nothing of it without you.",
    Phrase.ROLLBACK: "the rollback, which is asked for first: expect an outage of up to {outage}",
    Phrase.ASKED: "What is asked: {action}",
    Phrase.ASKED_DISK: "{disk} goes back to {snapshot}: everything written after {since} is lost",
    Phrase.ASKED_SPAN: "It may take up to {span}.",
    Phrase.ANSWER_WITH: "To answer: {command}",
    Phrase.DENY_WITH: "To say no: {command}",
    Phrase.ANSWERED: "{by} answered `{choice}` at {time}: {why}",
    Phrase.ROLLED_BACK: "{disk} was rolled back to {snapshot}",
    Phrase.IF_NOT_CURED: "only if that did not help: {step}",
    Phrase.DO_CANCELLED: "Yes, if the instance is still sick: a person stopped it, and nothing further is tried.",
    Phrase.DO_FAILED: "Yes. cvm-medic itself failed: take the instance as unrepaired, and look at it now.",
    Phrase.DO_WOULD_ACT: "Yes, if the instance is still sick: nothing was changed, this rule only observes.",
    Phrase.NEXT: "What happens next, in order:",
    Phrase.WOULD: "What it would do, in order:",
    Phrase.DISK: "{disk} ({usage}, {size} GiB)",
    Phrase.SNAPSHOT_OF: "a snapshot of {disk}, kept for about {days} days",
    Phrase.NO_SNAPSHOT: "no snapshot, as the runbook allows",
    Phrase.REBOOT: "the reboot ({stop_type}): expect an outage of up to {outage}; if it takes longer, people are told",
    Phrase.PROOF: "the proof that the instance is well again, and a notice of how it ended",
    Phrase.WHEN_READY: "The reboot can come as soon as the cloud reports every snapshot as ready, and never before.",
    Phrase.WHEN_READY_BY: "The reboot can come as soon as the cloud reports every snapshot as ready, and never before. "
    "If they are not by {by}, it is given up and people are asked.",
    Phrase.AT_ONCE: "The reboot can come at any moment from now on.",
    Phrase.CANCEL: "To stop it: {command}",
    Phrase.LET_IT_ACT: "To let it act: write `mode: act` in rule `{rule}` in medic.yaml.",
    Phrase.OUTCOME: "Outcome: {outcome}",
    Phrase.WHY: "Why: {reason}",
    Phrase.OUTAGE: "Outage: at most {seconds} s, {sent} to {back} (request {request})",
    Phrase.OUTAGE_OPEN: "Outage: since {sent}, not seen to have ended (request {request})",
    Phrase.NO_REBOOT: "Outage: no reboot of this run is on record",
    Phrase.ADOPTED: "{text}; the answer was lost, and it was found at the cloud",
    Phrase.PROVEN: "Proven:",
    Phrase.UNPROVEN: "Not proven:",
    Phrase.NOTHING: "nothing",
    Phrase.SNAPSHOTS: "Snapshots:",
    Phrase.SNAPSHOT_READY: "{snapshot} of {disk}: ready, expires {expires}",
    Phrase.SNAPSHOT_NOT_READY: "{snapshot} of {disk}: not seen ready, do not rely on it, expires {expires}",
    Phrase.RESTORE: "To restore: stop the instance, roll each disk back to its snapshot (in the console, or by "
    "ApplySnapshot with both ids), start it. All data written to the disk after the snapshot is lost.",
    Phrase.STEPS: "Time taken:",
    Phrase.STEP: "{step}: {span}",
    Phrase.UNDELIVERED: "Notices that did not arrive: {recipients}",
    Phrase.THOSE_WHO_NEED: "Need you:",
    Phrase.ONE_WHO_NEEDS: "{who}: {what}. {why}",
    Phrase.THE_OTHERS: "[{headline}] {what} ({count}): {who}",
    Phrase.ALL_OF_THEM: "Runs of this rule: {command}",
    Phrase.INSTANCE: "Instance: {instance}",
    Phrase.SYMPTOM: "Symptom: {symptom}",
    Phrase.SINCE: "Since: {time}",
    Phrase.RULE: "Rule: {rule}",
    Phrase.RULE_MODE: "Rule: {rule} (mode: {mode})",
    Phrase.RUN: "Run:",
    Phrase.CONSOLE: "Console:",
    Phrase.MORE: "and {count} more",
    Phrase.MISDIRECTED: "You get this because it was meant for {recipient}, which is no longer in medic.yaml.",
}

# What has a name of its own: faults, outcomes, steps, usages of disks. What is not here is shown as it is.
NAMES: dict[str, str] = {
    "DiskReadonly": "disk read-only",
    "GuestCoreError": "kernel failure",
    "GuestOom": "out of memory",
    "PingUnreachable": "ping unreachable",
    "GuestReboot": "instance rebooted",
    "NvmeError": "NVMe device error",
    "NfctTableFull": "connection table full",
    "ErrorCfgFstab": "faulty fstab",
    "ErrorCfgDNS": "faulty DNS settings",
    "InstanceRestarted": "instance restarted by a host error",
    "InstanceRestarting": "restart planned by the cloud",
    "CvmPacketDropedByQosWanOutBandwidth": "packets dropped, outbound bandwidth exceeded",
    "CvmPacketDropedByQosConnectionSession": "packets dropped, too many connections",
    "recovered": "recovered",
    "recovered_by_itself": "recovered by itself",
    "not_recovered": "not recovered",
    "handed_over": "handed over to people",
    "refused": "refused",
    "denied": "denied",
    "cancelled": "cancelled",
    "failed": "failed",
    "would_act": "would act",
    "look": "looking at the instance",
    "snapshots": "snapshots",
    "reboot": "sending the reboot",
    "back": "coming back",
    "ask": "asking people",
    "turn": "waiting for the region's turn",
    "stop": "stopping",
    "start": "starting",
    "rollback": "rolling back",
    "inside": "looking inside",
    "settle": "coming to rest",
    "verify": "proof",
    "tell": "telling people",
    "SYSTEM_DISK": "system disk",
    "DATA_DISK": "data disk",
}
