# The broker on EC2 instances, as a systemd service. Start the instances with the instance profile, and put the settings
# into /etc/latchkey/latchkey.env.
module "latchkey" {
  source = "../.."

  name             = "orders-ec2"
  prefix           = "/orders/prod"
  runtime_services = ["ec2"]
}

output "instance_profile" {
  value = module.latchkey.instance_profile
}

output "settings" {
  value = module.latchkey.settings
}
