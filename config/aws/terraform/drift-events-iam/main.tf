# SPDX-License-Identifier: Apache-2.0
#
# What ../../cloudformation/drift-events-iam.yaml makes, with its comments; a test compares the two. Its provider must
# be one for us-east-1.

terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "target_region" {
  description = "The Region of the AWSAccount, where drift-events is."
  type        = string
  validation {
    condition     = var.target_region != "us-east-1"
    error_message = "In us-east-1 drift-events is enough."
  }
}

variable "name_prefix" {
  description = "The beginning of the rule's name."
  type        = string
  default     = "fargate-drift"
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  bus_arn = "arn:${data.aws_partition.current.partition}:events:${var.target_region}:${data.aws_caller_identity.current.account_id}:event-bus/default"

  pattern = {
    source        = ["aws.iam"]
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail = {
      eventSource = ["iam.amazonaws.com"]
      errorCode   = [{ exists = false }]
      eventName = [
        "AttachRolePolicy",
        "CreatePolicy",
        "CreatePolicyVersion",
        "CreateRole",
        "CreateServiceLinkedRole",
        "DeletePolicy",
        "DeletePolicyVersion",
        "DeleteRole",
        "DeleteRolePermissionsBoundary",
        "DeleteRolePolicy",
        "DeleteServiceLinkedRole",
        "DetachRolePolicy",
        "PutRolePermissionsBoundary",
        "PutRolePolicy",
        "SetDefaultPolicyVersion",
        "TagPolicy",
        "TagRole",
        "UntagPolicy",
        "UntagRole",
        "UpdateAssumeRolePolicy",
        "UpdateRole",
        "UpdateRoleDescription",
      ]
    }
  }
}

resource "aws_cloudwatch_event_rule" "iam" {
  name          = "${var.name_prefix}-iam-to-${var.target_region}"
  description   = "Changes of roles and managed policies, for the Fargate Security Operator"
  state         = "ENABLED"
  event_pattern = jsonencode(local.pattern)
}

resource "aws_cloudwatch_event_target" "bus" {
  rule      = aws_cloudwatch_event_rule.iam.name
  target_id = "bus"
  arn       = local.bus_arn
  role_arn  = aws_iam_role.events.arn
}

data "aws_iam_policy_document" "trust" {
  statement {
    effect  = "Allow"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

data "aws_iam_policy_document" "put_events" {
  statement {
    effect    = "Allow"
    actions   = ["events:PutEvents"]
    resources = [local.bus_arn]
  }
}

resource "aws_iam_role" "events" {
  name_prefix        = "fargate-drift-iam-"
  description        = "Lets EventBridge send IAM's events to another Region, for the Fargate Security Operator"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "put_events" {
  name   = "put-events"
  role   = aws_iam_role.events.id
  policy = data.aws_iam_policy_document.put_events.json
}
