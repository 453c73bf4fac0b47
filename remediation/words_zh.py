"""Chinese: what every reason, phrase and name says to somebody who was woken by it."""

from __future__ import annotations

from remediation.phrases import Phrase
from remediation.reasons import Code

REASONS: dict[Code, str] = {
    Code.RULE_RUNS: "规则 `{rule}` 匹配，执行 `{runbook}`。",
    Code.RULE_NOTIFIES: "规则 `{rule}` 匹配；该规则只通知，不执行任何操作。",
    Code.NO_RULE: "没有规则匹配此事件。如果应当匹配，请在 medic.yaml 的 `rules` 中添加规则。",
    Code.JOINED: "该实例的修复正在进行，此告警已并入其中。",
    Code.DUPLICATE: "事件 {event} 此前已收到，这次是重复投递。",
    Code.RECOVERY: "云平台报告症状已消失。",
    Code.TOO_OLD: "告警已发生 {age}，超过 `max_age` {limit}：只通知，不操作。"
    "如果实例仍有故障，请用 `medic send` 发送新的事件。",
    Code.OVER_ALREADY: "云平台已在 {at} 报告该故障恢复，这条更早的告警之后才送达：只通知，不操作。",
    Code.ATTEMPTS_USED: "已尝试修复 {tried} 次，`max_attempts` 允许 {limit} 次。"
    "无效的修复不会重复：请在实例上查找原因。",
    Code.DAY_USED: "24 小时内该实例已修复 {tried} 次，`max_per_day` 允许 {limit} 次。请先查找原因，再考虑调高上限。",
    Code.RELAPSE: "症状在修复后 {after} 再次出现，仍在 {watch} 的观察期内。修复不能持久：请在实例上查找原因。",
    Code.UNREADABLE: "有事件无法解析：{error}。",
    Code.UNDECIDED: "无法决定如何处理此事件，未做任何操作：{error}。详情见 worker 日志。",
    Code.FOLDED: "事件过多，无法逐条保存：另有 {count} 条只计数。",
    Code.WOULD_ACT: "该规则仅观察：只读取了实例信息，没有发出任何变更请求。",
    Code.INSTANCE_UNKNOWN: "云平台在该地域查不到实例 {instance}。请检查事件中的地域和实例 ID"
    "（控制台模板带有 ins-xxxxxxxx 之类的占位符），并确认 worker 的密钥属于该实例所在的账号。",
    Code.OUT_OF_SCOPE: "实例没有规则 `{rule}` 要求的标签 {tag}。请在控制台为实例添加该标签，"
    "或修改 medic.yaml 中该规则的 `scope`。",
    Code.WRONG_STATE: "实例状态为 {state}，重启要求 RUNNING。如果它应当运行，请在控制台开机。",
    Code.ISOLATED: "实例已被隔离（{state}），例如欠费或到期。请先在费用中心结清或续费。",
    Code.BUSY: "实例上有其他操作正在进行：{operation}（请求 {request}）。请等待其结束，或在操作审计中查明发起人。",
    Code.UNPROTECTED: "无法为 {disks} 创建快照（本地盘、共享盘或不支持快照的盘）。请用其他方式备份后手动重启；"
    "或在 runbook 中写明 `unprotected: allow` 以接受风险。",
    Code.NO_DISKS: "云平台没有返回该实例的任何云硬盘，无法提供保护。请在控制台检查其云硬盘，"
    "并确认 worker 有 DescribeDisks 权限。",
    Code.ACT_TOO_LATE: "可以重启时告警已发生 {age}，超过 `act_within` {limit}。如果实例仍有故障，"
    "请手动重启，或用 `medic send` 发送新的事件。",
    Code.SNAPSHOT_MISSING: "重启前发现 {disk} 没有本次运行的就绪快照：可能期间新挂载了该盘，或快照被删除。"
    "请在控制台检查，然后用 `medic send` 发送新的事件。",
    Code.DISK_GONE: "{disk} 已不再挂载于该实例，因此没有操作它。请在控制台检查实例的云硬盘，"
    "然后用 `medic send` 发送新的事件。",
    Code.OTHERS_ACTED: "期间有其他人操作了该实例：{operation}（请求 {request}）。请先在操作审计中查明是谁并与其确认。",
    Code.NOT_APPROVED: "没有人批准把 {disk} 回滚到 {snapshot}，因此没有操作。",
    Code.ROLLING_BACK: "{disk} 正在回滚。",
    Code.PARTLY_ROLLED_BACK: "应一起回滚的云硬盘中，{disks} 没有回滚，因此没有启动实例。"
    "请在控制台回滚其余云硬盘或全部恢复，然后自行启动。",
    Code.SNAPSHOT_TIMEOUT: "快照在 {timeout} 内未就绪（最后状态：{last}），因此没有重启。请在控制台检查快照；"
    "runbook 中的 `snapshot.timeout` 可以延长等待时间。",
    Code.SNAPSHOT_LOST: "{disk} 的快照 {snapshot} 在创建过程中丢失（状态 {state}），因此没有重启。"
    "请在控制台创建快照，然后手动重启。",
    Code.SNAPSHOT_STALLED: "{disk} 的快照 {snapshot} 停在 {percent} % 已 {stall}，因此没有重启。"
    "请在控制台检查；runbook 中的 `snapshot.stall` 可以延长。",
    Code.SNAPSHOT_UNKNOWN: "不确定 {disk} 的快照是否已创建：响应丢失，也没有找到快照，因此没有重启。"
    "请在控制台的快照列表中查看。",
    Code.REBOOT_UNKNOWN: "不确定我们的重启是否已执行：云平台没有显示该操作。"
    "再次重启前，请先在控制台查看实例的操作日志。",
    Code.REBOOT_FAILED: "云平台接受了重启，但报告失败：{error}（请求 {request}）。"
    "请先在控制台用 VNC 登录查看，再决定是否重启。",
    Code.REBOOT_TIMEOUT: "重启已发出，但在 {timeout} 内未报告完成（最后状态：{last}）。请在控制台用 VNC 登录："
    "系统对软重启没有反应时，需要手动强制重启。",
    Code.CLOUD_ERROR: "云平台返回了重试无法解决的错误：{error}。如果与权限或密钥有关，"
    "请检查 worker 的 CAM 策略及 TENCENTCLOUD_SECRET_ID。",
    Code.CLOUD_SILENT: "云平台已有 {seconds} 秒无法访问：{error}。请检查 worker 的网络及云平台的状态页。",
    Code.RECOVERED_BY_ITSELF: "云平台在 {at} 报告症状已消失，当时尚未重启。",
    Code.CANCELLED: "在发出重启之前，有人取消了本次修复。",
    Code.CANCELLED_LATE: "有人取消了本次修复，但重启已经发出，无法撤回；之后未再做任何操作。",
    Code.UNHEALTHY: "重启后实例不正常：请看未能证明的项目，并在控制台用 VNC 登录查看。",
    Code.NO_PROOF: "重启后 {timeout} 内没有得到实例正常的证据。它也可能是正常的：请登录查看。",
    Code.PROVEN: "已证明实例恢复正常。",
    Code.RUN_ENDED_FROM_OUTSIDE: "本次运行被从外部终止，没有自行收尾。请查看实例，"
    "并在运行历史中查明是谁终止的、进行到哪一步。",
    Code.UNDELIVERED: "通知未能送达 {recipient}：{error}。请转告相关人员，并修正 medic.yaml 中的地址。",
    Code.TOLD_TOGETHER: "该规则在 {span} 内的通知超过 {limit} 条，因此这些通知合并为一条。",
    Code.OUR_BUG: "cvm-medic 自身出错：{error}。请手动处理实例，并上报本次运行。",
    Code.REBOOT_DONE: "云平台报告我们的重启已完成（请求 {request}）。",
    Code.RUNNING: "实例状态为 RUNNING。",
    Code.HEARTBEAT: "恢复运行 {seconds} 秒后，收到系统内代理的心跳。",
    Code.SYMPTOM_GONE: "重启后云平台报告症状已消失。",
    Code.NOT_RUNNING: "实例状态为 {state}，不是 RUNNING。",
    Code.NO_HEARTBEAT: "重启后没有收到系统内代理的心跳。",
    Code.AGENT_ABSENT: "系统内没有在线的代理（TAT），无法从内部确认系统已启动。",
    Code.AGENT_UNREADABLE: "无法读取系统内代理的状态：{error}。worker 需要 tat:DescribeAutomationAgentStatus 权限。",
    Code.NO_RECOVERY_ALARM: "云平台尚未报告症状消失。",
    Code.GUEST_NOT_PROBED: "没有检查系统内部：文件系统和服务是否正常尚不清楚。",
}

PHRASES: dict[Phrase, str] = {
    Phrase.SYMPTOM_SINCE: "{symptom}，始于 {time}",
    Phrase.EVENT_UNREADABLE: "有一个事件无法解析",
    Phrase.EVENTS_UNREADABLE: "有 {count} 个事件无法解析",
    Phrase.TOGETHER: "{rule}：另有 {count} 条通知，合并为一条",
    Phrase.TOGETHER_NEED: "{rule}：另有 {count} 条通知，合并为一条，其中 {needed} 条需要您处理",
    Phrase.TODO: "需要您处理吗？{answer}",
    Phrase.DO_OBSERVED: "cvm-medic 对此不做任何操作，也不等待任何人：是否处理由您判断。",
    Phrase.DO_ACTING: "不需要。修复会自动进行，结束时会再通知您。",
    Phrase.DO_WAITING: "暂时不需要。尚未做任何变更；会继续重试，结束时会再通知您。",
    Phrase.DO_HELD: "暂时不需要。修复已暂停，没有任何变更在进行。",
    Phrase.DO_SYMPTOM_GONE: "不需要。症状已消失。",
    Phrase.DO_NEEDS_YOU: "需要。实例可能仍有故障，而 cvm-medic 不会修复：请立即查看。",
    Phrase.DO_UNDELIVERED: "需要。这条通知本应发给其他人，但未送达：请转告他们。",
    Phrase.DO_UNREADABLE: "需要。对此没有做任何操作，可能有实例出现故障："
    "请阅读收到的内容，查看相关实例，并修正发送方。",
    Phrase.DO_TOGETHER: "这些通知都不要求您处理。仅观察的是否处理由您判断。",
    Phrase.DO_TOGETHER_NEED: "需要，其中 {needed} 条，列在最前：请立即查看这些实例。",
    Phrase.DO_RECOVERED: "不需要。快照会保留到过期。",
    Phrase.DO_RECOVERED_BY_ITSELF: "不需要。症状在重启之前就已消失。",
    Phrase.DO_NOT_RECOVERED: "需要。未能证明实例正常，且不会再做尝试：请立即登录查看。",
    Phrase.DO_HANDED_OVER: "需要。实例现在交由您处理，保持现状：不会再做尝试。",
    Phrase.DO_REFUSED: "需要。实例可能仍有故障，而 cvm-medic 不能修复：请查看实例及原因。",
    Phrase.DO_CANCELLED: "如果实例仍有故障，则需要：修复已被人取消，不会再做尝试。",
    Phrase.DO_FAILED: "需要。cvm-medic 自身失败：请视为实例未修复，并立即查看。",
    Phrase.DO_WOULD_ACT: "如果实例仍有故障，则需要：没有做任何变更，该规则仅观察。",
    Phrase.NEXT: "接下来依次进行：",
    Phrase.WOULD: "它本会依次进行：",
    Phrase.DISK: "{disk}（{usage}，{size} GiB）",
    Phrase.SNAPSHOT_OF: "创建快照：{disk}，保留约 {days} 天",
    Phrase.NO_SNAPSHOT: "不创建快照（runbook 允许）",
    Phrase.REBOOT: "重启（{stop_type}）：预计中断最长 {outage}；超过则通知人工处理",
    Phrase.PROOF: "验证实例恢复正常，并通知结果",
    Phrase.WHEN_READY: "云平台报告所有快照就绪后才会重启，绝不会提前。",
    Phrase.WHEN_READY_BY: "云平台报告所有快照就绪后才会重启，绝不会提前。如果到 {by} 仍未就绪，则放弃并交由人工处理。",
    Phrase.AT_ONCE: "从现在起随时可能重启。",
    Phrase.CANCEL: "如需停止：{command}",
    Phrase.LET_IT_ACT: "如需让它执行：在 medic.yaml 的规则 `{rule}` 中写 `mode: act`。",
    Phrase.OUTCOME: "结果：{outcome}",
    Phrase.WHY: "原因：{reason}",
    Phrase.OUTAGE: "中断：最长 {seconds} 秒，{sent} 至 {back}（请求 {request}）",
    Phrase.OUTAGE_OPEN: "中断：始于 {sent}，尚未看到结束（请求 {request}）",
    Phrase.NO_REBOOT: "中断：本次运行没有重启记录",
    Phrase.ADOPTED: "{text}；响应曾丢失，后在云平台查到",
    Phrase.PROVEN: "已证明：",
    Phrase.UNPROVEN: "未能证明：",
    Phrase.NOTHING: "无",
    Phrase.SNAPSHOTS: "快照：",
    Phrase.SNAPSHOT_READY: "{disk} 的 {snapshot}：已就绪，{expires} 过期",
    Phrase.SNAPSHOT_NOT_READY: "{disk} 的 {snapshot}：未见就绪，请勿依赖，{expires} 过期",
    Phrase.RESTORE: "恢复方法：将实例关机，把每块盘回滚到其快照（在控制台，或用 ApplySnapshot 加上这两个 ID），再开机。"
    "快照之后写入该盘的数据会全部丢失。",
    Phrase.STEPS: "耗时：",
    Phrase.STEP: "{step}：{span}",
    Phrase.UNDELIVERED: "未送达的通知：{recipients}",
    Phrase.THOSE_WHO_NEED: "需要您处理：",
    Phrase.ONE_WHO_NEEDS: "{who}：{what}。{why}",
    Phrase.THE_OTHERS: "[{headline}] {what}（{count}）：{who}",
    Phrase.ALL_OF_THEM: "该规则的运行：{command}",
    Phrase.INSTANCE: "实例：{instance}",
    Phrase.SYMPTOM: "症状：{symptom}",
    Phrase.SINCE: "始于：{time}",
    Phrase.RULE: "规则：{rule}",
    Phrase.RULE_MODE: "规则：{rule}（mode: {mode}）",
    Phrase.RUN: "运行：{url}",
    Phrase.MORE: "另有 {count} 条",
    Phrase.MISDIRECTED: "您收到此通知，是因为原收件地址 {recipient} 已不在 medic.yaml 中。",
}

# What has a name of its own: faults, outcomes, steps, usages of disks. What is not here is shown as it is.
NAMES: dict[str, str] = {
    "DiskReadonly": "磁盘只读",
    "GuestCoreError": "内核故障",
    "GuestOom": "内存 OOM",
    "PingUnreachable": "ping 不可达",
    "GuestReboot": "机器重启",
    "NvmeError": "NVMe 设备错误",
    "NfctTableFull": "连接跟踪表已满",
    "ErrorCfgFstab": "fstab 配置错误",
    "ErrorCfgDNS": "DNS 配置错误",
    "InstanceRestarted": "宿主机故障导致实例重启",
    "InstanceRestarting": "云平台计划重启实例",
    "CvmPacketDropedByQosWanOutBandwidth": "外网出带宽超限导致丢包",
    "CvmPacketDropedByQosConnectionSession": "连接数超限导致丢包",
    "recovered": "已恢复",
    "recovered_by_itself": "自行恢复",
    "not_recovered": "未恢复",
    "handed_over": "已转交人工",
    "refused": "已拒绝",
    "cancelled": "已取消",
    "failed": "失败",
    "would_act": "本会执行",
    "look": "查看实例",
    "snapshots": "快照",
    "reboot": "发出重启",
    "back": "等待恢复运行",
    "settle": "等待稳定",
    "verify": "验证",
    "tell": "通知",
    "SYSTEM_DISK": "系统盘",
    "DATA_DISK": "数据盘",
}
