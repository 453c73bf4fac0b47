variable "uin" {
  description = "The account's uin, as in 100000000001."
  type        = string
}

variable "event_bus_id" {
  description = "The default cloud-service event bus, as in eb-0abc1234. It is there already, and cannot be made or deleted."
  type        = string
}

variable "rules" {
  description = "EventBridge's rules: rules.auto.tfvars.json, written by `medic eventbridge --output json`."
  type        = map(object({ description = string, pattern = string }))
}

variable "zip_file" {
  description = "The function's code, packed."
  type        = string
}

variable "function_name" {
  description = "The function's name; the targets lead to it."
  type        = string
  default     = "medic-door"
}

variable "function_namespace" {
  description = "The function's namespace; it has to exist."
  type        = string
  default     = "default"
}

variable "vpc_id" {
  description = "The VPC in which Temporal is; null if it is reached over the internet."
  type        = string
  default     = null
}

variable "subnet_id" {
  description = "A subnet of that VPC, with free addresses."
  type        = string
  default     = null
}

variable "public_network" {
  description = "Whether the function reaches the internet: needed for Temporal Cloud, not for Temporal in the VPC."
  type        = bool
  default     = false
}

variable "temporal_address" {
  description = "Temporal, as the function reaches it: host:port."
  type        = string
}

variable "temporal_namespace" {
  description = "Temporal's namespace."
  type        = string
  default     = "default"
}

variable "temporal_secrets" {
  description = "Further variables of Temporal: TEMPORAL_API_KEY, or TEMPORAL_TLS_CLIENT_CERT_DATA and TEMPORAL_TLS_CLIENT_KEY_DATA. They end up in Terraform's state."
  type        = map(string)
  default     = {}
  sensitive   = true
}

variable "task_queue" {
  description = "MEDIC_TASK_QUEUE, if the worker's is another one."
  type        = string
  default     = "medic"
}

variable "worker_may" {
  description = "What the worker may do: files in policies/. While medic.yaml observes, read is all that it needs."
  type        = set(string)
  default     = ["read"]

  validation {
    condition     = alltrue([for one in var.worker_may : contains(["read", "snapshot-and-reboot", "rollback", "guest-command"], one)])
    error_message = "Known are read, snapshot-and-reboot, rollback and guest-command."
  }
}

variable "scope_tag" {
  description = "Only instances with this tag may be rebooted, stopped or started: the tag of `scope` in medic.yaml."
  type        = object({ key = string, value = string })
  default     = { key = "medic", value = "on" }
}

variable "worker_principals" {
  description = "Who may act as the worker's role besides the CVM to which it is bound, as in qcs::cam::uin/100000000001:uin/100000000002."
  type        = list(string)
  default     = []
}
