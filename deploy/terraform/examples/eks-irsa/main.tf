# The broker on EKS with IAM roles for service accounts: deploy/kubernetes/overlays/irsa.
variable "oidc_provider_arn" {
  description = "The IAM OIDC provider of the cluster."
  type        = string
  default     = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
}

module "latchkey" {
  source = "../.."

  name   = "orders-eks"
  prefix = "/orders/prod"

  runtime_oidc = [{
    provider_arn = var.oidc_provider_arn
    subjects     = ["system:serviceaccount:latchkey:latchkey"]
  }]
}

# For the annotation eks.amazonaws.com/role-arn.
output "role_arn" {
  value = module.latchkey.runtime_role_arn
}
