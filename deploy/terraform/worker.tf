# Bind this role to the CVM on which the worker runs, or let another identity assume it (MEDIC_ASSUME_ROLE).
resource "tencentcloud_cam_role" "worker" {
  name        = "medic-worker"
  description = "The worker of cvm-medic."

  document = jsonencode({
    version = "2.0"
    statement = [
      for principal in concat([{ service = ["cvm.qcloud.com"] }], [for one in var.worker_principals : { qcs = [one] }]) :
      { effect = "allow", action = ["name/sts:AssumeRole"], principal = principal }
    ]
  })
}

resource "tencentcloud_cam_policy" "worker" {
  for_each = var.worker_may

  name        = "medic-worker-${each.key}"
  description = "What the worker of cvm-medic may do: ${each.key}."

  document = templatefile("${path.module}/policies/${each.key}.json", {
    uin       = var.uin
    tag_key   = var.scope_tag.key
    tag_value = var.scope_tag.value
  })
}

resource "tencentcloud_cam_role_policy_attachment" "worker" {
  for_each = var.worker_may

  role_id   = tencentcloud_cam_role.worker.id
  policy_id = tencentcloud_cam_policy.worker[each.key].id
}
