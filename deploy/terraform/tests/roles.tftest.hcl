# terraform test: who may take on which role, without AWS.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "444455556666" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
  }
  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::444455556666:role/latchkey-runtime" }
  }
  mock_resource "aws_kms_key" {
    defaults = { key_id = "abcd", arn = "arn:aws:kms:eu-west-1:444455556666:key/abcd" }
  }
}

variables {
  prefix             = "/orders/prod"
  runtime_principals = ["arn:aws:iam::444455556666:role/deploy"]
}

run "one_principal" {
  assert {
    condition     = jsondecode(aws_iam_role.runtime.assume_role_policy).Statement == [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = ["arn:aws:iam::444455556666:role/deploy"] } }]
    error_message = "The principal alone may take on the role."
  }
  assert {
    condition     = length(aws_iam_role.migrator) == 0 && length(aws_iam_instance_profile.runtime) == 0 && length(aws_dynamodb_table.tokens) == 0
    error_message = "What nobody asked for exists."
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.runtime.policy, "your-app") && !strcontains(aws_iam_role_policy.runtime.policy, "111122223333") && !strcontains(aws_iam_role_policy.runtime.policy, "1234abcd")
    error_message = "An example value is left in the policy."
  }
  assert {
    condition     = output.parameter_names.blob == "/orders/prod/secrets" && output.settings == { AWS_REGION = "eu-west-1", LATCHKEY_PREFIX = "/orders/prod" }
    error_message = "The outputs follow from the prefix."
  }
}

run "services" {
  variables {
    runtime_principals = []
    runtime_services   = ["ec2", "ecs", "lambda"]
    token_table        = "orders-tokens"
  }
  assert {
    condition     = [for s in jsondecode(aws_iam_role.runtime.assume_role_policy).Statement : s.Principal.Service] == ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com", "lambda.amazonaws.com"]
    error_message = "Each service may take on the role."
  }
  assert {
    condition     = one([for s in jsondecode(aws_iam_role.runtime.assume_role_policy).Statement : s.Condition.StringEquals["aws:SourceAccount"] if s.Principal.Service == "ecs-tasks.amazonaws.com"]) == "444455556666"
    error_message = "ECS acts for this account alone."
  }
  assert {
    condition     = output.instance_profile == "latchkey-runtime" && output.settings.LATCHKEY_SHARED_TIER == "dynamodb:orders-tokens"
    error_message = "EC2 has an instance profile, and the table is a setting."
  }
}

run "any_issuer" {
  variables {
    runtime_principals = []
    runtime_oidc = [{
      provider_arn = "arn:aws:iam::444455556666:oidc-provider/id.example/realms/prod"
      subjects     = ["system:serviceaccount:latchkey:*"]
      audience     = "aws"
    }]
    migrator_oidc = [{
      provider_arn = "arn:aws:iam::444455556666:oidc-provider/token.actions.githubusercontent.com"
      subjects     = ["repo:house/orders:environment:production"]
    }]
  }
  assert {
    condition = jsondecode(aws_iam_role.runtime.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = "arn:aws:iam::444455556666:oidc-provider/id.example/realms/prod" }
      Condition = {
        StringEquals = { "id.example/realms/prod:aud" = "aws" }
        StringLike   = { "id.example/realms/prod:sub" = ["system:serviceaccount:latchkey:*"] }
      }
    }]
    error_message = "The issuer's audience and subjects are conditions."
  }
  assert {
    condition     = jsondecode(aws_iam_role.migrator[0].assume_role_policy).Statement[0].Condition.StringEquals == { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com" }
    error_message = "The audience of AWS is the default."
  }
}

run "pod_identity_trust" {
  variables {
    runtime_principals = []
    pod_identity       = { cluster = "production", namespace = "brokers" }
  }
  assert {
    condition = jsondecode(aws_iam_role.runtime.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Principal = { Service = "pods.eks.amazonaws.com" }
      Condition = {
        StringEquals = {
          "aws:RequestTag/kubernetes-namespace"       = "brokers"
          "aws:RequestTag/kubernetes-service-account" = "latchkey"
        }
      }
    }]
    error_message = "Only the pods of the service account may take on the role."
  }
  assert {
    condition     = aws_eks_pod_identity_association.runtime[0].cluster_name == "production" && aws_eks_pod_identity_association.runtime[0].namespace == "brokers"
    error_message = "The cluster knows the role."
  }
}

run "nobody" {
  command = plan
  variables {
    runtime_principals = []
  }
  expect_failures = [aws_iam_role.runtime]
}

run "everybody" {
  command = plan
  module {
    source = "./oidc"
  }
  variables {
    issuers = [{ provider_arn = "arn:aws:iam::444455556666:oidc-provider/id.example", subjects = ["*"] }]
  }
  expect_failures = [var.issuers]
}

run "no_provider" {
  command = plan
  module {
    source = "./oidc"
  }
  variables {
    issuers = [{ provider_arn = "arn:aws:iam::444455556666:role/deploy", subjects = ["system:serviceaccount:latchkey:*"] }]
  }
  expect_failures = [var.issuers]
}

run "no_subject" {
  command = plan
  module {
    source = "./oidc"
  }
  variables {
    issuers = [{ provider_arn = "arn:aws:iam::444455556666:oidc-provider/id.example", subjects = [] }]
  }
  expect_failures = [var.issuers]
}

run "another_service" {
  command = plan
  variables {
    runtime_services = ["eks"]
  }
  expect_failures = [var.runtime_services]
}

run "a_reserved_prefix" {
  command = plan
  variables {
    prefix = "/aws/orders"
  }
  expect_failures = [var.prefix]
}
