// SPDX-License-Identifier: Apache-2.0

package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources/fargateprofile"
	"github.com/fargate-security/fargate-security-operator/internal/resources/iamrole"
	"github.com/fargate-security/fargate-security-operator/internal/resources/kmskey"
	"github.com/fargate-security/fargate-security-operator/internal/resources/loggroup"
	"github.com/fargate-security/fargate-security-operator/internal/resources/podsecuritygroups"
	"github.com/fargate-security/fargate-security-operator/internal/resources/securitygroup"
)

// leftovers lists objects of ours that the spec does not declare: those that status remembers, and, when sweep is
// asked for and not put off, those that carry our owner tag, so that a lost status loses and leaks nothing.
func (s *stack) leftovers(ctx context.Context, declared []resource.Resource, sweep bool) ([]resource.Resource, error) {
	var list []resource.Resource
	var known []string
	for _, r := range s.profile.Status.Resources {
		id := resource.ID{Kind: r.Kind, Name: r.Name}
		if containsID(declared, id) {
			known = append(known, r.ARN)
			continue
		}
		if r.Origin == v1alpha1.Origin(resource.Referenced) || r.Origin == "" {
			continue
		}
		if left := s.leftover(r.Kind, r.Name, r.ARN); left != nil {
			list, known = append(list, left), append(known, r.ARN)
		}
	}
	if !sweep {
		return list, nil
	}
	tagged, policies, ok, err := s.owned(ctx)
	if awsapi.OneRefused(err) {
		s.searchFailed = err
		return list, nil
	}
	if err != nil {
		return nil, err
	}
	s.putOff = !ok
	for _, name := range policies {
		id := resource.ID{Kind: podsecuritygroups.Kind, Name: name}
		if !containsID(declared, id) && !containsID(list, id) {
			list = append(list, s.leftover(id.Kind, id.Name, ""))
		}
	}
	for _, found := range tagged {
		if slices.Contains(known, found) {
			continue
		}
		if kind, name := kindAndName(found); kind != "" {
			name = strings.TrimPrefix(name, s.profile.Spec.ClusterName+"/")
			list = append(list, s.leftover(kind, name, found))
		}
	}
	return list, nil
}

// owned are the ARNs and the SecurityGroupPolicies that carry our owner tag; false where somebody waits for this pass and
// others are in the midst of reading them all.
func (s *stack) owned(ctx context.Context) (arns, policies []string, ok bool, err error) {
	if arns, ok, err = s.view.Owned(ctx, s.owner); err != nil || !ok {
		return nil, nil, false, err
	}
	if policies, ok, err = s.policies.Owned(ctx, s.owner); err != nil || !ok {
		return nil, nil, false, err
	}
	return arns, policies, true, nil
}

func containsID(list []resource.Resource, id resource.ID) bool {
	return slices.ContainsFunc(list, func(r resource.Resource) bool { return r.ID() == id })
}

// leftover makes the Resource of an object that is only to be removed.
func (s *stack) leftover(kind, name, objectARN string) resource.Resource {
	a := s.account
	switch kind {
	case kmskey.Kind:
		return kmskey.Leftover(a.KMS, a.Logs, objectARN, name)
	case loggroup.Kind:
		return loggroup.Leftover(a.Logs, name)
	case iamrole.Kind:
		return iamrole.Leftover(a.IAM, a.EKS, s.profile.Spec.ClusterName, name)
	case securitygroup.Kind:
		return securitygroup.Leftover(a.EC2, lastPart(objectARN), name)
	case podsecuritygroups.Kind:
		namespace, policy, _ := strings.Cut(name, "/")
		return podsecuritygroups.Leftover(s.policies, namespace, policy)
	case fargateprofile.Kind:
		return fargateprofile.Leftover(a.EKS, s.memory.queue, s.owner, s.profile.Spec.ClusterName, name)
	default:
		return nil
	}
}

// kindAndName reads what an ARN is about; "" for what is none of our kinds. A Fargate profile is <cluster>/<profile>.
func kindAndName(s string) (kind, name string) {
	parsed, err := awsapi.ParseARN(s)
	if err != nil {
		return "", ""
	}
	switch typ, rest := splitType(parsed.Resource); parsed.Service + ":" + typ {
	case "kms:key":
		return kmskey.Kind, rest
	case "logs:log-group":
		return loggroup.Kind, strings.TrimSuffix(rest, ":*")
	case "ec2:security-group":
		return securitygroup.Kind, rest
	case "iam:role":
		return iamrole.Kind, rest[strings.LastIndex(rest, "/")+1:]
	case "eks:fargateprofile": // fargateprofile/<cluster>/<name>/<uuid>
		if parts := strings.Split(rest, "/"); len(parts) >= 2 {
			return fargateprofile.Kind, parts[0] + "/" + parts[1]
		}
	}
	return "", ""
}

// splitType splits the resource part of an ARN at the first / or :.
func splitType(s string) (typ, rest string) {
	if i := strings.IndexAny(s, "/:"); i >= 0 {
		return s[:i], s[i+1:]
	}
	return "", s
}

func lastPart(objectARN string) string {
	return objectARN[strings.LastIndex(objectARN, "/")+1:]
}

func accountInARN(s string) string {
	parsed, err := awsapi.ParseARN(s)
	if err != nil {
		return fmt.Sprintf("%q (not an ARN)", s)
	}
	return parsed.AccountID
}
