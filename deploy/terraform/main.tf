# The role of the broker, the role that writes secrets, and the key that encrypts the secrets. Parameters are not
# here, because Terraform would store their values in its state as plain text. Write them with `latchkey put`, the aws
# CLI or the migrator's role.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  # The policies of deploy/iam, which `latchkey policy` prints. Their example values are replaced here.
  runtime  = var.token_table != null ? "runtime-dynamodb" : var.token_key ? "runtime-token-key" : "runtime"
  examples = { for role in [local.runtime, "migrator"] : role => file("${path.module}/../iam/${role}-policy.json") }

  placed = {
    for role, text in local.examples : role => replace(replace(replace(replace(text,
      "arn:aws:", "arn:${data.aws_partition.current.partition}:"),
      "amazonaws.com", data.aws_partition.current.dns_suffix),
      "eu-central-1", data.aws_region.current.name),
    "111122223333", data.aws_caller_identity.current.account_id)
  }

  policies = {
    for role, text in local.placed : role => replace(replace(replace(text,
      "your-app/dev", trimprefix(var.prefix, "/")),
      "1234abcd-12ab-34cd-56ef-1234567890ab", aws_kms_key.secrets.key_id),
    "latchkey-tokens", coalesce(var.token_table, "latchkey-tokens"))
  }
}

resource "aws_kms_key" "secrets" {
  description             = "Secrets of ${var.prefix}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
}

resource "aws_kms_alias" "secrets" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.secrets.key_id
}

resource "aws_iam_role" "runtime" {
  name                 = "${var.name}-runtime"
  description          = "The broker: reads secrets, shares the token, writes nothing else."
  max_session_duration = 3600
  assume_role_policy   = jsonencode({ Version = "2012-10-17", Statement = local.runtime_trust })

  lifecycle {
    precondition {
      condition     = length(local.runtime_trust) > 0
      error_message = "Nobody may take on the broker's role: set runtime_services, runtime_oidc, pod_identity or runtime_principals."
    }
  }
}

resource "aws_iam_role_policy" "runtime" {
  name   = "${var.name}-runtime"
  role   = aws_iam_role.runtime.id
  policy = local.policies[local.runtime]
}

# One item of a few kilobytes for each profile, read and written a few times for each token: on demand is cheapest.
resource "aws_dynamodb_table" "tokens" {
  count                       = var.token_table == null ? 0 : 1
  name                        = var.token_table
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "profile"
  deletion_protection_enabled = true

  attribute {
    name = "profile"
    type = "S"
  }

  ttl {
    attribute_name = "ttl"
    enabled        = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.secrets.arn
  }
}

resource "aws_iam_role" "migrator" {
  count                = length(local.migrator_trust) > 0 ? 1 : 0
  name                 = "${var.name}-migrator"
  description          = "Whoever writes secrets: never the broker."
  max_session_duration = 3600
  assume_role_policy   = jsonencode({ Version = "2012-10-17", Statement = local.migrator_trust })
}

resource "aws_iam_role_policy" "migrator" {
  count  = length(local.migrator_trust) > 0 ? 1 : 0
  name   = "${var.name}-migrator"
  role   = aws_iam_role.migrator[0].id
  policy = local.policies["migrator"]
}
