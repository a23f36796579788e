// SPDX-License-Identifier: Apache-2.0

package awssim

import (
	"net/http"
	"strings"
)

type logKeyInput struct {
	Name       string `json:"logGroupName"`
	Identifier string `json:"resourceIdentifier"`
	KMSKeyID   string `json:"kmsKeyId"`
}

// target returns the group that the request names, in one of two ways:
// CloudWatch Logs API reference, AssociateKmsKey. Query results, which
// resourceIdentifier can also mean, are not modelled.
func (in *logKeyInput) target(s *Sim, c *call) (*logGroup, error) {
	switch {
	case (in.Name == "") == (in.Identifier == ""):
		return nil, logsInvalid("Exactly one of logGroupName and resourceIdentifier must be given")
	case in.Name != "":
		return s.logGroup(c, in.Name)
	}
	name, ok := strings.CutPrefix(in.Identifier, logGroupARN(c.Region, c.Account, ""))
	if !ok {
		return nil, logsInvalid("The resourceIdentifier %s is not the ARN of a log group of this account and Region", in.Identifier)
	}
	return s.logGroup(c, name)
}

func associateKmsKey(s *Sim, c *call, in *logKeyInput) (any, error) {
	group, err := in.target(s, c)
	if err != nil {
		return nil, err
	}
	if err := s.checkLogKey(c, in.KMSKeyID, group.arn); err != nil {
		return nil, err
	}
	group.kmsKey = in.KMSKeyID
	return nil, nil
}

// disassociateKmsKey of a group that has no key is no error: unverified.
func disassociateKmsKey(s *Sim, c *call, in *logKeyInput) (any, error) {
	group, err := in.target(s, c)
	if err != nil {
		return nil, err
	}
	group.kmsKey = ""
	return nil, nil
}

// logKeyActions are what the service does with a group's key: CloudWatch Logs
// user guide, "Encrypt log data in CloudWatch Logs using KMS".
var logKeyActions = []string{"kms:Encrypt", "kms:Decrypt", "kms:ReEncryptTo", "kms:ReEncryptFrom", "kms:GenerateDataKey", "kms:DescribeKey"}

// checkLogKey wants a symmetric key of the Region that is enabled
// (InvalidParameterException otherwise: API reference, AssociateKmsKey) and
// whose policy lets CloudWatch Logs use it for the group; the words of the
// second error are known from terraform-provider-aws issues.
func (s *Sim) checkLogKey(c *call, ref, group string) error {
	if !strings.HasPrefix(ref, "arn:") || !strings.Contains(ref, ":key/") {
		return logsInvalid("The KMS key %s must be given as the ARN of a key", ref)
	}
	key := s.kms(c).find(ref)
	if key == nil || key.arn != ref || key.state != "Enabled" || key.spec != "SYMMETRIC_DEFAULT" {
		return logsInvalid("The KMS key %s does not exist, is not enabled or is not a symmetric encryption key", ref)
	}
	service := principal{kind: "Service", value: "logs." + c.Region + "." + serviceSuffix(c.Region)}
	about := map[string]string{"kms:EncryptionContext:aws:logs:arn": group}
	for _, action := range logKeyActions {
		if action == "kms:DescribeKey" {
			about = nil // no encryption context in this one
		}
		if !trusts(key.policy, service, action, about) {
			return errf(http.StatusBadRequest, "AccessDeniedException", "The specified KMS key does not exist or is not allowed to be used with Arn '%s'", group)
		}
	}
	return nil
}

// serviceSuffix is the DNS suffix of a Region's partition.
func serviceSuffix(region string) string {
	if partitionOf(region) == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}
