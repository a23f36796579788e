// SPDX-License-Identifier: Apache-2.0

package awsapi

import "github.com/aws/aws-sdk-go-v2/aws/arn"

// ARN is an Amazon Resource Name taken apart.
type ARN = arn.ARN

// ParseARN takes an ARN apart. Errors: the text is no ARN.
func ParseARN(text string) (ARN, error) { return arn.Parse(text) }
