# Who may take on the two roles.

module "runtime_oidc" {
  source  = "./oidc"
  issuers = var.runtime_oidc
}

module "migrator_oidc" {
  source  = "./oidc"
  issuers = var.migrator_oidc
}

locals {
  services = {
    ec2 = {
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ec2.${data.aws_partition.current.dns_suffix}" }
    }
    # Tasks of this account alone: ECS acts for many accounts.
    ecs = {
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = {
        StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id }
        ArnLike = {
          "aws:SourceArn" = "arn:${data.aws_partition.current.partition}:ecs:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:*"
        }
      }
    }
    lambda = {
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }
  }

  principals = {
    for role, arns in { runtime = var.runtime_principals, migrator = var.migrator_principals } : role => [
      for trusted in [arns] : {
        Effect    = "Allow"
        Action    = "sts:AssumeRole"
        Principal = { AWS = trusted }
      } if length(trusted) > 0
    ]
  }

  pod_identity = [
    for pod in var.pod_identity[*] : {
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Principal = { Service = "pods.eks.amazonaws.com" }
      Condition = {
        StringEquals = {
          "aws:RequestTag/kubernetes-namespace"       = pod.namespace
          "aws:RequestTag/kubernetes-service-account" = pod.service_account
        }
      }
    }
  ]

  runtime_trust = concat(
    [for name, statement in local.services : statement if contains(var.runtime_services, name)],
    module.runtime_oidc.statements, local.pod_identity, local.principals.runtime,
  )
  migrator_trust = concat(module.migrator_oidc.statements, local.principals.migrator)
}

# What an EC2 instance is started with.
resource "aws_iam_instance_profile" "runtime" {
  count = contains(var.runtime_services, "ec2") ? 1 : 0
  name  = "${var.name}-runtime"
  role  = aws_iam_role.runtime.name
}

resource "aws_eks_pod_identity_association" "runtime" {
  count           = var.pod_identity == null ? 0 : 1
  cluster_name    = var.pod_identity.cluster
  namespace       = var.pod_identity.namespace
  service_account = var.pod_identity.service_account
  role_arn        = aws_iam_role.runtime.arn
}
