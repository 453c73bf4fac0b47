resource "tencentcloud_scf_function" "door" {
  name      = var.function_name
  namespace = var.function_namespace
  handler   = "index.main_handler"
  runtime   = "Python3.10"
  zip_file  = var.zip_file
  role      = tencentcloud_cam_role.door.name
  mem_size  = 256

  # Connecting to Temporal gives up after 10 seconds, and so does handing an event over.
  timeout = 30

  vpc_id            = var.vpc_id
  subnet_id         = var.subnet_id
  enable_public_net = var.public_network || var.vpc_id == null

  environment = merge(
    {
      TEMPORAL_ADDRESS   = var.temporal_address
      TEMPORAL_NAMESPACE = var.temporal_namespace
      MEDIC_TASK_QUEUE   = var.task_queue
    },
    var.temporal_secrets,
  )
}

# It has no policy: the door calls nothing in the cloud, and the keys that the platform gives it open nothing.
resource "tencentcloud_cam_role" "door" {
  name        = var.function_name
  description = "The door of cvm-medic. It needs no permission."
  document    = file("${path.module}/policies/trust-door.json")
}
