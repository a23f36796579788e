// SPDX-License-Identifier: Apache-2.0

package loggroup

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Changes implements resource.Resource.
func (r *Resource) Changes(o *resource.Observation, v resource.Values) []resource.Change {
	if r.desired == nil {
		return nil
	}
	group := groupOf(o)
	return []resource.Change{
		{Paths: []string{retentionPath}, Order: resource.Set, Do: func(ctx context.Context) error { return r.setRetention(ctx, group) }},
		{Paths: []string{keyPath}, Order: resource.Set, Do: func(ctx context.Context) error { return r.setKey(ctx, group, v) }},
	}
}

// Create implements resource.Resource. The group has its key from the beginning, so that no event is ever kept without it.
func (r *Resource) Create(ctx context.Context, v resource.Values, tags map[string]string) error {
	in := &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &r.name, Tags: tags}
	if key := r.desired.key(v); key != "" {
		in.KmsKeyId = &key
	}
	if _, err := r.logs.CreateLogGroup(ctx, in); err != nil {
		return r.withKey("creating", r.desired.key(v), err)
	}
	return r.setRetention(ctx, observed.LogGroup{})
}

// AsMade implements resource.Maker.
func (r *Resource) AsMade() *resource.Observation {
	return &resource.Observation{Exists: true, ARN: r.arn, Gives: map[string]string{resource.ARN: r.arn}}
}

func (r *Resource) setRetention(ctx context.Context, group observed.LogGroup) error {
	want := r.desired.RetentionDays
	switch {
	case want == group.RetentionDays:
		return nil
	case want == 0:
		_, err := r.logs.DeleteRetentionPolicy(ctx, &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: &r.name})
		return r.doing("removing the retention", err)
	default:
		_, err := r.logs.PutRetentionPolicy(ctx, &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &r.name, RetentionInDays: &want})
		return r.doing("setting the retention", err)
	}
}

func (r *Resource) setKey(ctx context.Context, group observed.LogGroup, v resource.Values) error {
	want := r.desired.key(v)
	switch {
	case r.desired.releases(group.KeyARN):
		_, err := r.logs.DisassociateKmsKey(ctx, &cloudwatchlogs.DisassociateKmsKeyInput{LogGroupName: &r.name})
		return r.doing("letting go of the key", err)
	case want == "", want == group.KeyARN, want == drift.Unknown:
		return nil
	default:
		_, err := r.logs.AssociateKmsKey(ctx, &cloudwatchlogs.AssociateKmsKeyInput{LogGroupName: &r.name, KmsKeyId: &want})
		return r.withKey("setting the key", want, err)
	}
}

// withKey turns the refusal of a key into waiting: it comes right after a key or its policy was written, and goes away
// once KMS has spread the news. The code is InvalidParameterException or AccessDeniedException, and only the text tells
// it from others with that code:
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html
func (r *Resource) withKey(what, key string, err error) error {
	if err == nil || key == "" {
		return r.doing(what, err)
	}
	code := awsapi.Code(err)
	refused := (code == "InvalidParameterException" || code == "AccessDeniedException") && strings.Contains(strings.ToLower(err.Error()), "kms key")
	if !refused {
		return r.doing(what, err)
	}
	return &resource.Waiting{Reason: ReasonWaitingKey, Message: fmt.Sprintf(
		"%s: CloudWatch Logs does not accept the key %s yet; if this lasts, the key's policy does not allow the log service, or the key is not enabled", r.ID(), key)}
}

// askProtected is when to look again whether a person has turned the protection off.
const askProtected = time.Minute

// Delete implements resource.Resource.
func (r *Resource) Delete(ctx context.Context, o *resource.Observation) error {
	if !o.Exists {
		return nil
	}
	if groupOf(o).Protected {
		return &resource.Waiting{Reason: ReasonProtected, After: askProtected, Message: fmt.Sprintf(
			"%s is not deleted, since its deletion protection is on; turn that off (aws logs put-log-group-deletion-protection), or set spec.deletionPolicy to Retain", r.ID())}
	}
	_, err := r.logs.DeleteLogGroup(ctx, &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: &r.name})
	if awsapi.IsNotFound(err) {
		return nil
	}
	return r.doing("deleting", err)
}
