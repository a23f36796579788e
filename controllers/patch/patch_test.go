// SPDX-License-Identifier: Apache-2.0

package patch

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/test/schemes"
)

// TestAStatusThatWasNotWrittenIsNotTold: a conflict ends the pass, which is done again soon and with the newer object; an
// object that is gone is no error, and nothing is told of it.
func TestAStatusThatWasNotWrittenIsNotTold(t *testing.T) {
	kind := schema.GroupResource{Group: v1alpha1.GroupVersion.Group, Resource: "fargatesecurityprofiles"}
	for name, c := range map[string]struct {
		answer     error
		told, soon bool
		fails      bool
	}{
		"written":  {nil, true, false, false},
		"conflict": {apierrors.NewConflict(kind, "p", errors.New("changed")), false, true, false},
		"gone":     {apierrors.NewNotFound(kind, "p"), false, false, false},
		"refused":  {apierrors.NewForbidden(kind, "p", errors.New("no")), false, false, true},
	} {
		var sent client.Patch
		kube := fake.NewClientBuilder().WithScheme(schemes.New(t)).WithInterceptorFuncs(interceptor.Funcs{
			SubResourcePatch: func(_ context.Context, _ client.Client, _ string, _ client.Object, patch client.Patch, _ ...client.SubResourcePatchOption) error {
				sent = patch
				return c.answer
			},
		}).Build()
		before := &v1alpha1.FargateSecurityProfile{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "ns", ResourceVersion: "41"}}
		after := before.DeepCopy()
		after.Status.ProfileStatus = "Active"
		told := false
		err := Status(t.Context(), kube, after, before, func() { told = true })
		result, ended := Again(ctrl.Result{RequeueAfter: time.Hour}, err)
		if told != c.told || (result.RequeueAfter <= conflictPause) != c.soon || (ended != nil) != c.fails {
			t.Errorf("%s: told %t, %v, %v", name, told, result, ended)
		}
		if body, _ := sent.Data(after); !strings.Contains(string(body), `"resourceVersion":"41"`) {
			t.Errorf("%s: the patch lies on top of anything: %s", name, body)
		}
	}
}
