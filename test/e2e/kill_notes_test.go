// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

// longAgo is longer than AWS may take to show what it has made (decision 0014).
const longAgo = 10 * time.Minute

// unshown is what status says of an object whose creation was cut off.
const unshown = "AWS may not show it before"

// letNotesAge lets the minutes pass in which a profile waits for what may have been made and is not shown, by dating its
// notes back. The simulator shows at once what it has made, so that nothing is hidden; and where in a creation an operator
// was killed, which nobody can know, makes a scenario no longer.
func (p *plot) letNotesAge(name string) error {
	profile, err := p.cluster.profile(p.Namespace, name)
	if err != nil {
		return err
	}
	if ready := conditionOf(profile, v1alpha1.ReadyCondition); !strings.Contains(ready.Message, unshown) {
		return nil
	}
	before := profile.DeepCopy()
	for i := range profile.Status.Resources {
		if r := &profile.Status.Resources[i]; !r.CreationTime.IsZero() {
			r.CreationTime = metav1.NewTime(r.CreationTime.Add(-longAgo))
		}
	}
	err = p.cluster.Client.Status().Patch(context.Background(), profile, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	if apierrors.IsConflict(err) {
		return nil // the next look will do it
	}
	return err
}

// untilReady is waitReady for a profile whose operator was killed, nobody knows when.
func (p *plot) untilReady(t *testing.T, name string) {
	t.Helper()
	until(t, "waiting until "+name+" is ready", func() error {
		if err := p.letNotesAge(name); err != nil {
			return err
		}
		profile, err := p.cluster.profile(p.Namespace, name)
		if err == nil && !meta.IsStatusConditionTrue(profile.Status.Conditions, v1alpha1.ReadyCondition) {
			err = fmt.Errorf("%w\n%s", errNotYet, p.describe(p.world, name))
		}
		return err
	}, p.operator.process)
}

// untilGone waits until Kubernetes has let a profile go whose operator was killed, nobody knows when.
func (p *plot) untilGone(t *testing.T, name string) {
	t.Helper()
	until(t, "waiting until "+name+" is gone", func() error {
		err := p.letNotesAge(name)
		switch {
		case apierrors.IsNotFound(err):
			return nil
		case err != nil:
			return err
		}
		return fmt.Errorf("%s is still there: %w\n%s", name, errNotYet, p.describe(p.world, name))
	}, p.operator.process)
}

// killedBeforeACreation kills the operator when status knows that a key is to be made, and KMS does not: the worst moment
// there is. Neither a living profile nor one that is deleted goes on before the note is old; then both do.
func (s *suite) killedBeforeACreation(t *testing.T) {
	p := s.newPlot(t, "note", "living")
	s.killBeforeItsKey(t, p, "living")
	s.restartIntoTheWait(t, p, "living")
	p.untilReady(t, "living")
	s.killBeforeItsKey(t, p, "deleted")
	s.cluster.kubectl(t, "delete", "fsp/deleted", "-n", p.Namespace, "--wait=false")
	s.restartIntoTheWait(t, p, "deleted")
	p.untilGone(t, "deleted")
	s.eachOnce(t, p)
	p.delete(t)
	s.nothingLeft(t)
}

// killBeforeItsKey declares a profile, and kills the operator right before KMS is asked for its key.
func (s *suite) killBeforeItsKey(t *testing.T, p *plot, name string) {
	t.Helper()
	killed := make(chan struct{})
	s.proxy.instead(func(c call) http.HandlerFunc {
		if c.String() != "kms:CreateKey" {
			return nil
		}
		s.operator.Kill()
		close(killed)
		return drop
	})
	p.apply(t, p.manifest(name, true))
	until(t, "waiting for the creation of a key", func() error {
		select {
		case <-killed:
			return nil
		default:
			return errNotYet
		}
	}, s.cluster.Process)
	s.proxy.instead(nil)
}

// restartIntoTheWait starts the operator again, which must wait for what AWS may not show.
func (s *suite) restartIntoTheWait(t *testing.T, p *plot, name string) {
	t.Helper()
	s.operator = s.startOperator(t, withoutLease)
	s.untilProfile(t, p.world, name, "the wait for what AWS may not show", func(profile *v1alpha1.FargateSecurityProfile) error {
		if c := conditionOf(profile, v1alpha1.ReadyCondition); !strings.Contains(c.Message, unshown) {
			return errors.New(c.Message)
		}
		return nil
	})
}
