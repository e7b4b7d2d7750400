# The broker as an extension of Lambda functions: the file that deploy/lambda/layer makes.
resource "aws_lambda_layer_version" "broker" {
  count                    = var.layer_file == null ? 0 : 1
  layer_name               = var.name
  description              = "Latchkey as an extension: secrets and tokens at localhost:2773"
  filename                 = var.layer_file
  source_code_hash         = filebase64sha256(var.layer_file)
  compatible_architectures = [var.layer_architecture]
  license_info             = "Apache-2.0"

  # Functions keep the version that they were given.
  skip_destroy = true
}
