"""The doctor's words in Chinese: see diagnosis_words_en.py."""

from __future__ import annotations

from remediation.diagnosis import Check, Seen, Status

STATUSES: dict[Status, str] = {
    Status.OK: "正常",
    Status.WARNING: "注意",
    Status.PROBLEM: "问题",
    Status.UNKNOWN: "未知",
    Status.BY_HAND: "需人工确认",
}

CHECKS: dict[Check, tuple[str, str]] = {
    Check.TEMPORAL: ("Temporal", "所有运行都在其中：没有它，既收不了事件，也修复不了任何实例。"),
    Check.NAMESPACE: ("命名空间", "运行保存在其中；worker、入口和控制台必须使用同一个。"),
    Check.RETENTION: (
        "保留期",
        "已结束的运行过期即被遗忘：`medic why` 将没有答案，离开更久的 worker 也看不到修复如何结束。",
    ),
    Check.ATTRIBUTES: ("搜索属性", "缺少时，每个运行都会停在第一步。"),
    Check.WORKER: ("worker", "事件会被接收并保存，但只有 worker 才会处理。"),
    Check.VERSION: ("版本", "版本不同时，一方可能读不懂另一方写下或请求的内容。"),
    Check.CREDENTIALS: ("密钥", "查看实例和每次修复都用它签名。"),
    Check.CLOCK: ("时钟", "签名五分钟内有效：时钟不准时所有调用都会被拒绝，时间比较也会出错。"),
    Check.READ: ("读权限", "读不到就无法判断：修复会转交给人。"),
    Check.WRITE: ("写权限", "缺少时，修复要到中途才会发现，并转交给人。"),
    Check.QUOTA: ("快照配额", "没有快照的空间就不会重启。"),
    Check.PAGE: ("medic.yaml", "它规定修复什么、如何修复、通知谁；有错误时 worker 不会启动。"),
    Check.CHANNEL: ("通知渠道", "收不到通知的人，既不知道故障，也不知道有问题等他回答。"),
    Check.RULES: ("事件总线规则", "规则不放行的事件永远到不了我们这里，也没有人会发现。"),
    Check.DELIVERIES: ("事件总线投递", "账号每天的投递次数有限；用完后告警会无声地丢失。"),
}

SEEN: dict[Seen, tuple[str, str]] = {
    Seen.NOT_LOOKED: ("无法查看：{error}", "请先解决它，再运行 `medic doctor`。"),
    Seen.WAITS: ("未查看：请先解决“{first}”", ""),
    Seen.TEMPORAL_ANSWERS: ("{address} 有应答，版本 {version}", ""),
    Seen.TEMPORAL_AWAY: ("{error}", "{hint}"),
    Seen.NAMESPACE_THERE: ("{namespace} 存在", ""),
    Seen.NAMESPACE_MISSING: (
        "命名空间 {namespace} 不存在",
        "请设置 TEMPORAL_NAMESPACE，或运行：temporal operator namespace create --namespace {namespace} "
        "--retention 720h",
    ),
    Seen.RETENTION_LONG: ("已结束的运行保留 {kept}", ""),
    Seen.RETENTION_SHORT: (
        "已结束的运行只保留 {kept}",
        "temporal operator namespace update --namespace {namespace} --retention 720h",
    ),
    Seen.ATTRIBUTES_THERE: ("{count} 个均已注册", ""),
    Seen.ATTRIBUTES_MISSING: ("缺少：{names}", "medic doctor --fix，或运行：{command}"),
    Seen.ATTRIBUTES_ODD: ("类型不是 Keyword：{names}", "这些名称已被其他程序使用：请给 cvm-medic 单独的命名空间。"),
    Seen.ATTRIBUTES_ADDED: ("刚刚注册：{names}", ""),
    Seen.WORKER_POLLS: ("{who} 在最近五分钟内轮询过 {task_queue}", ""),
    Seen.WORKER_ABSENT: (
        "五分钟内没有 worker 轮询命名空间 {namespace} 的 {task_queue}",
        "请启动 `medic worker`，或在两边设置相同的 MEDIC_TASK_QUEUE 和 TEMPORAL_NAMESPACE。",
    ),
    Seen.WORKER_PARTLY: (
        "{who} 在轮询，但没有人轮询 {queues}",
        "这是旧版本的 worker，或它正在启动：请用当前版本重启它。",
    ),
    Seen.VERSION_SAME: ("worker 与控制台同为构建 {ours}", ""),
    Seen.VERSION_OTHER: (
        "控制台是构建 {ours}，而 {who} 不是",
        "请用与控制台相同的代码重启 worker，或使用其镜像中的控制台。",
    ),
    Seen.VERSION_UNSAID: (
        "控制台是构建 {ours}；{who} 没有报告自己的构建",
        "它是旧版本：请用与控制台相同的代码重启 worker。",
    ),
    Seen.CREDENTIALS_OF: ("账号 {account} 的 {kind} {arn}", ""),
    Seen.CREDENTIALS_TAKEN: (
        "云端接受该密钥，但没有说明属于谁：{error}",
        "请授予 sts:GetCallerIdentity（deploy/terraform/policies/read.json），或在访问管理控制台查看。",
    ),
    Seen.CREDENTIALS_REFUSED: (
        "{error}",
        "请像 worker 所在处一样设置 TENCENTCLOUD_SECRET_ID 和 TENCENTCLOUD_SECRET_KEY，或为本机绑定角色"
        "（docs/reference/settings.md）。",
    ),
    Seen.CLOCK_RIGHT: ("与云端相差 {seconds} 秒", ""),
    Seen.CLOCK_OFF: ("本机时钟与云端相差 {seconds} 秒", "请在本机用 NTP 校时。"),
    Seen.CLOCK_UNTOLD: ("云端的应答中没有时间", "请先解决云端为何没有应答，再运行 `medic doctor`。"),
    Seen.READ_ALLOWED: ("允许", ""),
    Seen.READ_DENIED: ("被拒绝", "请授权：策略 deploy/terraform/policies/{policy}.json 包含它。"),
    Seen.WRITE_UNTOLD: (
        "不执行就无法得知：该 API 没有试运行",
        "请在访问管理控制台查看是否绑定了策略 deploy/terraform/policies/{policy}.json；`medic certify` "
        "会在一台可丢弃的实例上试一遍带重启的修复所需的操作。",
    ),
    Seen.WRITE_UNNEEDED: ("不需要：没有规则会用到它", ""),
    Seen.QUOTA_LEFT: ("已有 {count} 个，上限 {limit}", ""),
    Seen.QUOTA_NEAR: (
        "已有 {count} 个，上限 {limit}",
        "请删除没有人需要的快照：`medic snapshots --region {region}` 列出我们创建的。",
    ),
    Seen.QUOTA_USED_UP: (
        "{limit} 个已用完，不能再创建",
        "请删除没有人需要的快照：`medic snapshots --region {region}` 列出我们创建的。",
    ),
    Seen.PAGE_RIGHT: ("{file} 没有错误", ""),
    Seen.PAGE_UNREADABLE: ("无法读取：{error}", "请用 `medic init` 写一份，或把 MEDIC_CONFIG 设为它的位置。"),
    Seen.PAGE_WRONG: ("{error}", "请改正；`medic lint` 会显示所在行。"),
    Seen.PAGE_DOUBTFUL: ("{error}", "若非本意请改正；`medic lint` 会显示所在行。"),
    Seen.CHANNEL_SHAPED: ("{kind} 地址的形式正确；没有发送任何消息（--send 会发送）", ""),
    Seen.CHANNEL_WRONG: ("{error}", "请在 medic.yaml 或 worker 的环境变量中改正。"),
    Seen.CHANNEL_REACHED: ("测试消息已被接收：{answer}", ""),
    Seen.CHANNEL_NOT_REACHED: (
        "测试消息没有被接收：{error}",
        "请改正地址，或检查中间环节：消息必须能从 worker 所在的机器发出。",
    ),
    Seen.RULES_LET_IN: ("{source} 的 {count} 条规则放行 medic.yaml 所需的一切", ""),
    Seen.RULES_KEEP_OUT: (
        "{source} 中没有规则确定放行它所需的事件：{serves}",
        "请在 ap-guangzhou 的默认事件集中添加使用此模式的规则：{pattern}。使用 Terraform 时：medic eventbridge "
        "--output json > deploy/terraform/rules.auto.tfvars.json",
    ),
    Seen.RULES_UNREAD: (
        "没有读取事件集上的实际规则：worker 的策略没有这项权限",
        "tccli eb ListRules --region ap-guangzhou --EventBusId eb-ID 列出规则；把每条规则的 tccli eb GetRule "
        "--region ap-guangzhou --EventBusId eb-ID --RuleId rule-ID 的应答追加到一个文件，再运行 medic doctor "
        "--rules FILE。规则的目标是否是该云函数，只有控制台能看到。",
    ),
    Seen.DELIVERIES_UNTOLD: (
        "这里读不到已用的次数；账号每天有 2,000 或 10,000 次（腾讯云的文档不一致），"
        "每个事件按它匹配的每条规则的每个目标各计一次",
        "请与控制台显示的每日投递数比较：事件总线，广州，默认事件集，监控。请收窄他人没有限定 type 的规则，"
        "或向腾讯云申请提高。",
    ),
}
