// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/cli/style"
)

// fieldManager is who metadata.managedFields says made a change.
const fieldManager = "kubectl-fargatesec"

// patch merges a change into an object. With a resourceVersion in it, it fails if somebody was faster.
func (c *cluster) patch(ctx context.Context, t target, change map[string]any) error {
	text, err := json.Marshal(change)
	if err != nil {
		return err
	}
	_, err = c.api(t).Patch(ctx, t.Name, types.MergePatchType, text, metav1.PatchOptions{FieldManager: fieldManager})
	if apierrors.IsConflict(err) {
		return fmt.Errorf("%s was changed by somebody else at the same moment: look at it, and try again", t.full())
	}
	if err != nil {
		return c.explain(t.kind, "patch", err)
	}
	return nil
}

// request asks the operator to read AWS at once. Errors: the object is suspended, so nothing would be read.
func (c *cluster) request(ctx context.Context, t target, value string) error {
	if t.Spec.Mode == v1alpha1.ModeSuspend {
		return fmt.Errorf("%s is suspended, so AWS would not be read: resume it first", t.full())
	}
	return c.patch(ctx, t, map[string]any{"metadata": map[string]any{"annotations": map[string]any{v1alpha1.ReconcileRequestAnnotation: value}}})
}

// betweenLooks is how long answered waits before it looks again. It only reads, so that no right to watch is needed.
const betweenLooks = 500 * time.Millisecond

// answered waits until status says that a request was handled, and returns the object as it is then.
func (c *cluster) answered(ctx context.Context, t target, value string) (*Object, error) {
	for {
		u, err := c.api(t).Get(ctx, t.Name, metav1.GetOptions{})
		if ctx.Err() != nil {
			return nil, unanswered(ctx, t)
		}
		if apierrors.IsNotFound(err) {
			return nil, fmt.Errorf("%s was deleted meanwhile", t.full())
		}
		if err != nil {
			return nil, c.explain(t.kind, "get", err)
		}
		o, err := objectOf(u)
		if err != nil || o.Status.LastHandledReconcileRequest == value {
			return o, err
		}
		if asked := o.Annotations[v1alpha1.ReconcileRequestAnnotation]; asked != value {
			return nil, fmt.Errorf("%s: another request (%s) has taken the place of this one (%s): wait for that one, or ask again",
				t.full(), style.Printable(asked), value)
		}
		select {
		case <-ctx.Done():
			return nil, unanswered(ctx, t)
		case <-time.After(betweenLooks):
		}
	}
}

func unanswered(ctx context.Context, t target) error {
	return fmt.Errorf("%s: the operator has not answered (%w): see whether it runs (kubectl get pods -n fargate-security-system), "+
		"whether a --watch-label-selector leaves this object out, or wait longer with --timeout; the request stays", t.full(), context.Cause(ctx))
}

// suspend sets mode Suspend and keeps the mode of before. It tells whether there was something to do.
func (c *cluster) suspend(ctx context.Context, t target) (bool, error) {
	if t.Spec.Mode == v1alpha1.ModeSuspend {
		return false, nil
	}
	return true, c.setMode(ctx, t, v1alpha1.ModeSuspend, string(t.Spec.Mode))
}

// resume sets a mode again: the given one, or that of before.
func (c *cluster) resume(ctx context.Context, t target, mode v1alpha1.Mode) (v1alpha1.Mode, error) {
	if t.Spec.Mode != v1alpha1.ModeSuspend {
		return "", nil
	}
	if mode == "" {
		mode = v1alpha1.Mode(t.Annotations[v1alpha1.ModeBeforeSuspendAnnotation])
	}
	if mode != v1alpha1.ModeEnforce && mode != v1alpha1.ModeObserve {
		return "", fmt.Errorf("%s was not suspended by this plugin, so its mode of before is not known: say --mode=Observe (changes nothing in AWS) or --mode=Enforce (repairs drift)", t.full())
	}
	return mode, c.setMode(ctx, t, mode, nil)
}

// setMode changes the mode and the note of the mode before it, in one write and only of what was read.
func (c *cluster) setMode(ctx context.Context, t target, mode v1alpha1.Mode, before any) error {
	return c.patch(ctx, t, map[string]any{
		"metadata": map[string]any{"resourceVersion": t.ResourceVersion, "annotations": map[string]any{v1alpha1.ModeBeforeSuspendAnnotation: before}},
		"spec":     map[string]any{"mode": mode},
	})
}
