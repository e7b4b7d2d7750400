# The broker on EKS with Pod Identity: deploy/kubernetes/overlays/pod-identity. The cluster has the agent's add-on.
module "latchkey" {
  source = "../.."

  name         = "orders-pod-identity"
  prefix       = "/orders/prod"
  pod_identity = { cluster = "production" }
}
