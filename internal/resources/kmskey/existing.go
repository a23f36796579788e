// SPDX-License-Identifier: Apache-2.0

package kmskey

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/drift"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
)

// Referenced is a key that a profile names by ARN: it is verified, and never written.
type Referenced struct {
	kms   awsapi.KMS
	scope awsapi.Scope
	arn   string
}

var (
	_ resource.Resource   = (*Referenced)(nil)
	_ resource.Referencer = (*Referenced)(nil)
)

// Existing returns the Resource of a key that is only verified.
func Existing(client awsapi.KMS, scope awsapi.Scope, keyARN string) *Referenced {
	return &Referenced{kms: client, scope: scope, arn: keyARN}
}

// ID implements resource.Resource.
func (r *Referenced) ID() resource.ID { return resource.ID{Kind: Kind, Name: keyID(r.arn)} }

// Hash implements resource.Resource.
func (r *Referenced) Hash() string { return "" }

// Needs implements resource.Resource.
func (r *Referenced) Needs() []resource.Ref { return nil }

// Referenced implements resource.Referencer.
func (r *Referenced) Referenced() bool { return true }

// Observe implements resource.Resource. The key's policy and rotation are read for the posture controls only.
func (r *Referenced) Observe(ctx context.Context, _ resource.Values) (*resource.Observation, error) {
	if why := r.elsewhere(); why != "" {
		return r.problem(why), nil
	}
	meta, err := describe(ctx, r.kms, r.arn)
	if err != nil {
		return nil, err
	}
	if meta == nil {
		return r.problem("does not exist"), nil
	}
	d := detail{key: facts(meta)}
	if err := r.read(ctx, &d); err != nil {
		return nil, err
	}
	key := d.key
	o := &resource.Observation{
		Exists: true, ARN: key.ARN, State: key.State, Tags: key.Tags, Detail: d,
		Gives:  map[string]string{resource.ARN: key.ARN},
		Record: func(s *observed.State) { s.Key = &key },
	}
	if why := notReady(key); why != "" {
		o.Problems = r.problem(why).Problems
	}
	return o, nil
}

// read fills in what the controls judge. The policy of a key that others keep may be closed to us: it stays unknown.
func (r *Referenced) read(ctx context.Context, d *detail) (err error) {
	if !d.key.CustomerManaged {
		return nil
	}
	d.key.Policy, err = readPolicy(ctx, r.kms, d.key.ARN)
	if err != nil && awsapi.Code(err) != "AccessDeniedException" {
		return err
	}
	return readRotation(ctx, r.kms, d)
}

// elsewhere says that the ARN names another account or Region, where the key cannot encrypt our log groups:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
func (r *Referenced) elsewhere() string {
	parts := strings.SplitN(r.arn, ":", 6)
	switch {
	case len(parts) != 6 || parts[2] != "kms" || !strings.HasPrefix(parts[5], "key/"):
		return "is not the ARN of a KMS key"
	case parts[3] != r.scope.Region:
		return "is in Region " + parts[3] + " and not in " + r.scope.Region
	case parts[4] != r.scope.AccountID:
		return "belongs to account " + parts[4] + " and not to " + r.scope.AccountID
	default:
		return ""
	}
}

// notReady says why the key cannot be used as it is, or "".
func notReady(key observed.Key) string {
	switch {
	case unusable(key) != "":
		return unusable(key)
	case key.State == string(types.KeyStateDisabled):
		return "is disabled"
	case pending(key.State):
		return "is pending deletion"
	case key.State != string(types.KeyStateEnabled):
		return "is in state " + key.State
	default:
		return ""
	}
}

func (r *Referenced) problem(why string) *resource.Observation {
	return &resource.Observation{Problems: []resource.Problem{{Reason: ReasonUnusable, Message: fmt.Sprintf(
		"%s: keyARN is %s, which %s; name an enabled symmetric key of account %s in %s", r.ID(), r.arn, why, r.scope.AccountID, r.scope.Region)}}}
}

// Diff implements resource.Resource: nothing is declared of the key.
func (r *Referenced) Diff(*resource.Observation, resource.Values) []drift.Difference { return nil }

// Create implements resource.Resource and does nothing.
func (r *Referenced) Create(context.Context, resource.Values, map[string]string) error { return nil }

// Changes implements resource.Resource: there are none.
func (r *Referenced) Changes(*resource.Observation, resource.Values) []resource.Change { return nil }

// Tag implements resource.Resource and does nothing.
func (r *Referenced) Tag(context.Context, *resource.Observation, map[string]string, []string) error {
	return nil
}

// Delete implements resource.Resource and does nothing.
func (r *Referenced) Delete(context.Context, *resource.Observation) error { return nil }
