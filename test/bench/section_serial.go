// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

const (
	operationTakes   = time.Minute
	mostOfSerialTime = 1.05
)

// serial creates profiles from nothing where EKS takes a minute over each, one at a time in each cluster: what matters is
// how little is added to that. The clock is driven, so the reconciler runs in this process.
func serial(ctx context.Context, s size, r *report) error {
	progress("serial, %d profiles", s.steady)
	w, err := newDriven(awssim.Delays{ProfileCreate: operationTakes})
	if err != nil {
		return err
	}
	defer w.stop()
	if err := w.declare(ctx, s.steady); err != nil {
		return err
	}
	limit := time.Duration(min(perCluster, s.steady)) * operationTakes
	took, err := w.untilReady(ctx, 3*limit)
	if err != nil {
		return err
	}
	note := fmt.Sprintf("%d profiles, %d in a cluster; %s on a driven clock, reconciler in process, role and Fargate profile only", s.steady, perCluster, took)
	r.atMost("serial", "time to create by the longest cluster's serial time", took.Seconds()/limit.Seconds(), mostOfSerialTime, "", note)
	r.atMost("serial", "ResourceInUseException", float64(w.inUse), 0, "refusals", "")
	r.shown("serial", "calls per profile", float64(w.calls)/float64(s.steady), "calls", "waiting included")
	r.shown("serial", "passes per profile", float64(w.passes)/float64(s.steady), "passes", "waiting included")
	return nil
}
