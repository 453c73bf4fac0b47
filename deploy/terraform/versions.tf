terraform {
  required_version = ">= 1.3"

  required_providers {
    tencentcloud = {
      source  = "tencentcloudstack/tencentcloud"
      version = "~> 1.82"
    }
  }
}

# The default cloud-service bus, on which the events of all regions arrive, is in Guangzhou; so is the function.
provider "tencentcloud" {
  region = "ap-guangzhou"
}
