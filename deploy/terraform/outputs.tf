output "worker_role" {
  description = "Bind it to the worker's CVM; or MEDIC_ASSUME_ROLE, with worker_principals."
  value       = "qcs::cam::uin/${var.uin}:roleName/${tencentcloud_cam_role.worker.name}"
}

output "rules_to_push" {
  description = "Bind the message push to each of these in the console."
  value       = sort(keys(var.rules))
}
