resource "tencentcloud_eb_event_rule" "medic" {
  for_each = var.rules

  event_bus_id  = var.event_bus_id
  rule_name     = each.key
  description   = each.value.description
  event_pattern = each.value.pattern
  enable        = true
}

# Beside this target, EventBridge's own message push is bound to each rule in the console: people are told also when we
# are down. Terraform knows no such target, and leaves it alone; a rule that it deletes takes it along.
resource "tencentcloud_eb_event_target" "door" {
  for_each = var.rules

  event_bus_id = var.event_bus_id
  rule_id      = tencentcloud_eb_event_rule.medic[each.key].rule_id
  type         = "scf"

  target_description {
    resource_description = "qcs::scf:ap-guangzhou:uin/${var.uin}:namespace/${var.function_namespace}/function/${tencentcloud_scf_function.door.name}/$LATEST"
  }

  # None of the arguments can be changed in place. Not create_before_destroy: it would hold for the rule and the function
  # too, of which there cannot be two of one name.
  lifecycle {
    replace_triggered_by = [tencentcloud_eb_event_rule.medic[each.key].rule_id, tencentcloud_scf_function.door.id]
  }
}
