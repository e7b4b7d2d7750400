# The broker as an extension of a function: deploy/lambda/layer makes the file.
variable "layer_file" {
  type    = string
  default = "latchkey-layer.zip"
}

module "latchkey" {
  source = "../.."

  name             = "orders-lambda"
  prefix           = "/orders/prod"
  runtime_services = ["lambda"]
  layer_file       = var.layer_file
}

# The role of the function is the broker's, because they share their credentials. The function needs its log besides.
resource "aws_iam_role_policy" "log" {
  name = "log"
  role = element(split("/", module.latchkey.runtime_role_arn), 1)

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "*"
    }]
  })
}

# In aws_lambda_function: role, layers = [layer_arn], environment { variables = settings }. AWS_REGION is set by Lambda.
output "role" {
  value = module.latchkey.runtime_role_arn
}

output "layer_arn" {
  value = module.latchkey.layer_arn
}

output "settings" {
  value = { for name, value in module.latchkey.settings : name => value if name != "AWS_REGION" }
}
