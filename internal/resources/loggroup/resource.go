// SPDX-License-Identifier: Apache-2.0

// Package loggroup keeps a CloudWatch Logs group as declared: its retention and the key that encrypts it.
package loggroup

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/canonical"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Kind is the kind of the Resource in status.
const Kind = "LogGroup"

// The reasons that this package gives.
const (
	ReasonRetention      = "LogRetentionChanged"
	ReasonRetentionFixed = "LogRetentionFixed"
	ReasonKey            = "LogGroupKeyChanged"
	ReasonKeyRetired     = "LogGroupKeyRetired"
	ReasonWaitingKey     = "WaitingForKey"
	ReasonProtected      = "DeletionProtected"
)

// Desired is a declared log group.
type Desired struct {
	Name string
	// RetentionDays 0 means that log events never expire.
	RetentionDays int32
	// KeyARN is the key that encrypts the group, where it is known; KeyFrom is the Resource that gives it else. With
	// neither of them the profile says nothing about a key, and a key that somebody chose is left alone.
	KeyARN  string
	KeyFrom *resource.ID
	// RetiredKeyARNs are keys that the profile declared once and that are to be deleted: a group that still uses one
	// goes back to the encryption of CloudWatch Logs when no other key is declared.
	RetiredKeyARNs []string
}

// key is the ARN of the declared key, "" for none, or drift.Unknown as long as it does not exist.
func (d Desired) key(v resource.Values) string {
	if d.KeyFrom != nil {
		return v.Text(*d.KeyFrom, resource.ARN)
	}
	return d.KeyARN
}

// releases tells that the group is to let go of a key, without another one in its place.
func (d Desired) releases(key string) bool {
	return key != "" && d.KeyFrom == nil && d.KeyARN == "" && slices.Contains(d.RetiredKeyARNs, key)
}

// Resource is one log group.
type Resource struct {
	logs awsapi.Logs
	name string
	// arn is the one that the group has, or will have: CreateLogGroup does not say it.
	arn string
	// desired is nil for a group that is only to be deleted.
	desired *Desired
}

var (
	_ resource.Resource = (*Resource)(nil)
	_ resource.Maker    = (*Resource)(nil)
)

// New returns the Resource of a declared log group in an account and Region.
func New(logs awsapi.Logs, scope awsapi.Scope, d Desired) *Resource {
	arn := "arn:" + scope.Partition + ":logs:" + scope.Region + ":" + scope.AccountID + ":log-group:" + d.Name
	return &Resource{logs: logs, name: d.Name, arn: arn, desired: &d}
}

// Leftover returns the Resource of a log group that is no longer declared and only waits for its deletion.
func Leftover(logs awsapi.Logs, name string) *Resource {
	return &Resource{logs: logs, name: name}
}

// ID implements resource.Resource.
func (r *Resource) ID() resource.ID { return resource.ID{Kind: Kind, Name: r.name} }

// Hash implements resource.Resource. Keys that are retired are no part of what is declared.
func (r *Resource) Hash() string {
	if r.desired == nil {
		return ""
	}
	d := *r.desired
	d.RetiredKeyARNs = nil
	return canonical.Hash(d)
}

// Needs implements resource.Resource: a group that is encrypted is so from its first event on.
func (r *Resource) Needs() []resource.Ref {
	if r.desired == nil || r.desired.KeyFrom == nil {
		return nil
	}
	return []resource.Ref{{From: *r.desired.KeyFrom, Value: resource.ARN}}
}

// Diff implements resource.Resource.
func (r *Resource) Diff(o *resource.Observation, v resource.Values) []drift.Difference {
	if r.desired == nil {
		return nil
	}
	return diff(*r.desired, groupOf(o), v)
}

// groupOf is the group as Observe saw it.
func groupOf(o *resource.Observation) observed.LogGroup {
	group, _ := o.Detail.(observed.LogGroup)
	return group
}

// Tag implements resource.Resource.
func (r *Resource) Tag(ctx context.Context, o *resource.Observation, set map[string]string, remove []string) error {
	if len(set) > 0 {
		_, err := r.logs.TagResource(ctx, &cloudwatchlogs.TagResourceInput{ResourceArn: &o.ARN, Tags: set})
		if err != nil {
			return r.doing("tagging", err)
		}
	}
	if len(remove) == 0 {
		return nil
	}
	_, err := r.logs.UntagResource(ctx, &cloudwatchlogs.UntagResourceInput{ResourceArn: &o.ARN, TagKeys: remove})
	return r.doing("removing tags", err)
}

// doing says what was being done when err came.
func (r *Resource) doing(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %s: %w", r.ID(), what, err)
}
