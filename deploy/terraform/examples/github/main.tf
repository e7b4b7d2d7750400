# Secrets are written by the jobs of one GitHub environment, and no long-lived key exists. The broker runs on EC2.
resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

module "latchkey" {
  source = "../.."

  name             = "orders-github"
  prefix           = "/orders/prod"
  runtime_services = ["ec2"]

  migrator_oidc = [{
    provider_arn = aws_iam_openid_connect_provider.github.arn
    subjects     = ["repo:your-organisation/orders:environment:production"]
  }]
}

output "migrator_role_arn" {
  value = module.latchkey.migrator_role_arn
}
