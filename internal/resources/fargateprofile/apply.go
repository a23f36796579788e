// SPDX-License-Identifier: Apache-2.0

package fargateprofile

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	"github.com/aws/aws-sdk-go-v2/service/eks/types"
	"github.com/aws/smithy-go"

	"github.com/fargate-security/fargate-security-operator/internal/awsapi"
	"github.com/fargate-security/fargate-security-operator/internal/observed"
	"github.com/fargate-security/fargate-security-operator/internal/resource"
	"github.com/fargate-security/fargate-security-operator/internal/resources/ekscluster"
)

const (
	codeInUse   = "ResourceInUseException"
	codeInvalid = "InvalidParameterException"
	// roleMessage begins what EKS says while it does not see a role's trust policy. The code alone says nothing, so this
	// one message has to be looked at (terraform-provider-aws, internal/service/eks/fargate_profile.go).
	roleMessage = "Misconfigured PodExecutionRole Trust Policy"
)

// BeginsItself implements resource.BeginsItself: a creation is asked for when its turn has come.
func (*Resource) BeginsItself() {}

// Changes implements resource.Resource: a profile that exists cannot be changed.
func (r *Resource) Changes(*resource.Observation, resource.Values) []resource.Change { return nil }

// Create implements resource.Resource.
func (r *Resource) Create(ctx context.Context, v resource.Values, tags map[string]string) error {
	cluster := r.clusterKey("", v)
	role, _ := v.Get(r.desired.Role, resource.ARN)
	if err := r.turn(ctx, cluster, Create, v); err != nil {
		return err
	}
	if err := resource.AboutToCreate(ctx); err != nil {
		r.queue.unstart(cluster, r.name)
		return err
	}
	// The SDK adds a client token of its own, which covers its retries. A token derived from the declaration would let EKS
	// answer a later creation after a deletion with the profile that is gone; that EKS does not do so is unverified. A
	// name is unique within its cluster, so a lost answer never leads to a second profile in any case.
	out, err := r.eks.CreateFargateProfile(ctx, &eks.CreateFargateProfileInput{
		ClusterName: &r.cluster, FargateProfileName: &r.name, PodExecutionRoleArn: &role,
		Subnets: r.desired.SubnetIDs, Selectors: selectorsOf(r.desired.Selectors), Tags: tags,
	})
	refusal := cluster + " " + r.name + " " + role
	if err == nil {
		r.queue.refusals.Accepted(refusal)
		r.made = profileOf(out.FargateProfile)
		return nil
	}
	return r.refused(cluster, refusal, err)
}

// AsMade implements resource.Maker.
func (r *Resource) AsMade() *resource.Observation {
	o := &resource.Observation{}
	r.observation(o, *r.made)
	o.Record = nil // nothing is judged by it yet
	r.queue.Saw(r.line, r.name, true, o.Busy != nil)
	if o.Busy != nil {
		o.Busy.After = r.queue.pause(r.line, r.name)
	}
	return o
}

// refused decides what a failed creation means.
func (r *Resource) refused(cluster, refusal string, err error) error {
	if awsapi.Code(err) == codeInUse {
		return r.inUse(cluster)
	}
	// Others need not wait for this one's fault.
	r.queue.Leave(cluster, r.name)
	if roleNotSeen(err) && r.queue.refusals.Refused(refusal) {
		return r.waiting(ReasonWaitingForRole, "%s waits until EKS sees the trust policy of %s, which takes a little while after it was written.",
			r.ID(), r.desired.Role)
	}
	return fmt.Errorf("creating %s in cluster %s: %w", r.ID(), r.cluster, err)
}

func roleNotSeen(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == codeInvalid && strings.Contains(api.ErrorMessage(), roleMessage)
}

// inUse is what ResourceInUseException means: somebody was faster. The place in the line is kept.
func (r *Resource) inUse(cluster string) error {
	r.queue.unstart(cluster, r.name)
	return r.waiting(ReasonWaitingForTurn, "%s waits: cluster %s is busy with another profile or an update, and takes one at a time.", r.ID(), r.cluster)
}

// Delete implements resource.Resource.
func (r *Resource) Delete(ctx context.Context, o *resource.Observation) error {
	if !o.Exists || o.Busy != nil {
		return waitingOrNil(o.Busy)
	}
	cluster := detailOf(o).cluster
	if err := r.turn(ctx, cluster, Delete, nil); err != nil {
		return err
	}
	_, err := r.eks.DeleteFargateProfile(ctx, &eks.DeleteFargateProfileInput{ClusterName: &r.cluster, FargateProfileName: &r.name})
	switch {
	case err == nil:
		return nil
	case awsapi.IsNotFound(err):
		r.queue.Leave(cluster, r.name)
		return nil
	case awsapi.Code(err) == codeInUse:
		return r.inUse(cluster)
	}
	r.queue.Leave(cluster, r.name)
	return fmt.Errorf("deleting %s of cluster %s: %w", r.ID(), r.cluster, err)
}

// waitingOrNil avoids an error that holds a nil pointer.
func waitingOrNil(w *resource.Waiting) error {
	if w == nil {
		return nil
	}
	return w
}

// turn returns nil when this profile may ask EKS for its operation now: it is first in our line, and AWS is at rest.
func (r *Resource) turn(ctx context.Context, cluster string, operation Operation, v resource.Values) error {
	if first := r.queue.Join(cluster, r.name, r.owner, operation, r.wake); first != "" {
		w := r.waiting(ReasonWaitingForTurn, "%s waits for its turn to %s: EKS takes one profile operation per cluster at a time, and FargateProfile/%s is first.",
			r.ID(), operation, first)
		if r.wake != nil {
			w.After = askAgain
		}
		return w
	}
	if err := r.atRest(ctx, cluster, operation, v); err != nil {
		return err
	}
	r.queue.Start(cluster, r.name)
	return nil
}

// atRest looks at what AWS says: no update of the cluster and no operation of another profile, whoever asked for it. What
// this pass has read already is not asked for again: should somebody have been faster, EKS says so (inUse).
func (r *Resource) atRest(ctx context.Context, cluster string, operation Operation, v resource.Values) error {
	status, err := r.clusterStatus(ctx, v)
	if awsapi.IsNotFound(err) && operation == Delete {
		return nil // gone with all its profiles, which the next call says
	}
	if err != nil {
		return fmt.Errorf("reading EKS cluster %s: %w", r.cluster, err)
	}
	if busy, _ := ekscluster.Usable(r.cluster, status); busy != nil {
		return busy
	}
	names := r.neighbours
	if !r.listed {
		if names, err = r.names(ctx); err != nil {
			return err
		}
	}
	for _, name := range names {
		if name == r.name || r.queue.resting(cluster, name) {
			continue
		}
		p, err := r.describe(ctx, name)
		if err != nil {
			return err
		}
		if p == nil {
			continue
		}
		r.queue.remember(cluster, *p)
		if changing(p.Status) {
			return r.waiting(ReasonWaitingForTurn, "%s waits for its turn to %s: EKS takes one profile operation per cluster at a time, and FargateProfile/%s has status %s.",
				r.ID(), operation, name, p.Status)
		}
	}
	return nil
}

func (r *Resource) clusterStatus(ctx context.Context, v resource.Values) (string, error) {
	if r.desired != nil {
		if status, ok := v.Get(r.desired.Cluster, resource.ClusterStatus); ok {
			return status, nil
		}
	}
	out, err := r.eks.DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &r.cluster})
	if err != nil {
		return "", err
	}
	return string(out.Cluster.Status), nil
}

func changing(status string) bool {
	return status == string(types.FargateProfileStatusCreating) || status == string(types.FargateProfileStatusDeleting)
}

func selectorsOf(in []observed.Selector) []types.FargateProfileSelector {
	out := make([]types.FargateProfileSelector, 0, len(in))
	for _, s := range in {
		out = append(out, types.FargateProfileSelector{Namespace: aws.String(s.Namespace), Labels: s.Labels})
	}
	return out
}
