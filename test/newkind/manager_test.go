// SPDX-License-Identifier: Apache-2.0

package newkind_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/test/newkind/warehouse"
	"github.com/fargate-security/fargate-security-operator/test/patience"
)

// TestInAManager: with the controllers as main.go sets them up. An edit wakes a Warehouse, as does its account; an account waits for
// the kinds that use it, each by name, and goes when the last one has.
func TestInAManager(t *testing.T) {
	w := newWorld(t)
	w.manage()
	late := &v1alpha1.AWSAccount{ObjectMeta: metav1.ObjectMeta{Name: w.ns + "-late"}, Spec: w.account.Spec}
	obj, profile := w.stored("managed"), w.fargate("managed")
	obj.Spec.AccountRef.Name, profile.Spec.AccountRef.Name = late.Name, late.Name
	profile.Spec.Encryption = nil
	w.create(obj)
	w.create(profile)
	w.eventually("an account that is not there is said", func() error {
		if w.get(obj); condition(obj, v1alpha1.StalledCondition).Reason != v1alpha1.ReasonAccountNotFound {
			return errors.New(describe(obj))
		}
		return nil
	})
	w.create(late)
	isReady := func(d v1alpha1.Declaration) func() error {
		return func() error {
			if w.get(d); !meta.IsStatusConditionTrue(d.Found().Conditions, v1alpha1.ReadyCondition) || d.Found().ObservedGeneration != d.GetGeneration() {
				return errors.New(describe(d))
			}
			return nil
		}
	}
	w.eventually("the account wakes the Warehouse", isReady(obj))
	w.eventually("and the profile", isReady(profile))
	w.eventually("an edit wakes it", func() error {
		if w.get(obj) {
			obj.Spec.Boxes = nil
		}
		return kube.Update(w.ctx, obj)
	})
	w.eventually("an edit is done", isReady(obj))
	w.want("after the edit", "shelf top 120")

	must(kube.Delete(w.ctx, late))
	waits := func(words ...string) func() error {
		return func() error {
			w.get(late)
			c := meta.FindStatusCondition(late.Status.Conditions, v1alpha1.ReadyCondition)
			for _, word := range words {
				if c == nil || c.Reason != v1alpha1.ReasonInUse || !strings.Contains(c.Message, word) {
					return fmt.Errorf("%+v lacks %q", c, word)
				}
			}
			return nil
		}
	}
	w.eventually("the account waits for both", waits("FargateSecurityProfile", "Warehouse", "2 do"))
	must(kube.Delete(w.ctx, profile))
	w.eventually("the account waits for the Warehouse", waits("no Warehouse refers to it: 1 do"))
	w.want("while the account waits", "shelf top 120")
	must(kube.Delete(w.ctx, obj))
	w.eventually("the account goes", func() error {
		if w.get(late) {
			return fmt.Errorf("%+v", late.Status.Conditions)
		}
		return nil
	})
	w.want("in the end")
}

// eventually asks check until it returns nil, and fails the test with its last error when its patience ends.
func (w *world) eventually(what string, check func() error) {
	w.t.Helper()
	for deadline := time.Now().Add(patience.Now()); ; time.Sleep(30 * time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%s: %v", what, err)
		}
	}
}

// TestTheCRD: the API server has the defaults and refuses what the schema says, and those of the common fields too.
func TestTheCRD(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	ns := "crd"
	must(kube.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}))
	obj := &warehouse.Warehouse{ObjectMeta: metav1.ObjectMeta{Name: "d", Namespace: ns}, Spec: warehouse.WarehouseSpec{
		DeclarationSpec: v1alpha1.DeclarationSpec{AccountRef: v1alpha1.AccountReference{Name: "x"}},
		Shelf:           warehouse.ShelfSpec{Name: "s"}, Boxes: []warehouse.BoxSpec{{Name: "b"}},
	}}
	must(kube.Create(ctx, obj))
	if s := obj.Spec; s.Mode != v1alpha1.ModeEnforce || s.AdoptionPolicy != v1alpha1.AdoptionPolicyRefuse || s.Shelf.Height != 100 || s.Boxes[0].Colour != "brown" {
		t.Errorf("the defaults are %+v", s)
	}
	obj.Spec.Mode = "Guess"
	if err := kube.Update(ctx, obj); err == nil || !strings.Contains(err.Error(), "spec.mode") {
		t.Errorf("a mode that there is not: %v", err)
	}
	must(kube.Delete(ctx, obj))
}
