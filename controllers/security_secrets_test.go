// SPDX-License-Identifier: Apache-2.0

package controllers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap/zapcore"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

// What the operator is given or told, and may show nowhere. They look like real ones.
const (
	operatorSecret = "suiteSecretMustNeverShow0123456789abcdef"
	operatorToken  = "IQoJb3JpZ2luX2VjSuiteSessionTokenMustNeverShow"
	externalID     = "external-id-must-never-show"
)

// planted are secrets, and marks of what holds some: the middle of every request id of the simulator, EC2's encoded
// messages, the headers of a signed request.
var planted = []string{
	operatorSecret, operatorToken, externalID, "5157-4000-8000", awssim.EncodedMessage, "Encoded authorization", "AWS4-HMAC-SHA256", "X-Amz-Security-Token", "Signature=",
}

// shows names the secrets in a text.
func shows(text string, secrets ...string) (found []string) {
	for _, secret := range append(secrets, planted...) {
		if strings.Contains(text, secret) {
			found = append(found, secret)
		}
	}
	return found
}

// logSink is the operator's log: it keeps every line, of every level.
type logSink struct {
	mu    sync.Mutex
	lines []string
}

var operatorLog = &logSink{}

// Write takes one line.
func (s *logSink) Write(line []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, string(bytes.TrimSpace(line)))
	return len(line), nil
}

// since returns the lines from a position on, and the position after them.
func (s *logSink) since(mark int) ([]string, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lines[mark:], len(s.lines)
}

// collectLog has the operator log all that it can into operatorLog, and onto the terminal too if SUITE_LOG is set. Above
// level 5, client-go prints every object as it came, with the external id that the person who wrote it put there.
func collectLog() {
	var out io.Writer = operatorLog
	if os.Getenv("SUITE_LOG") != "" {
		out = io.MultiWriter(operatorLog, os.Stderr)
	}
	ctrl.SetLogger(zap.New(zap.WriteTo(out), zap.Level(zapcore.Level(-5))))
}

// watchSecrets checks, when the test ends, that nothing that anybody can read has shown a secret meanwhile: the log, the
// objects with their status, Events, metrics. Every rig does. The log and the metrics are those of all tests that run
// at the time, so the test that fails may be a neighbour.
func (r *rig) watchSecrets() {
	_, mark := operatorLog.since(0)
	r.t.Cleanup(func() {
		issued := r.sim.Secrets()
		lines, _ := operatorLog.since(mark)
		for _, line := range lines {
			r.mustNotShow("the log", line, issued)
		}
		if len(lines) == 0 {
			r.t.Error("nothing was logged: the check proves nothing")
		}
		for what, text := range r.readable() {
			r.mustNotShow(what, text, issued)
		}
	})
}

func (r *rig) mustNotShow(what, text string, issued []string) {
	if found := shows(text, issued...); len(found) > 0 {
		r.t.Errorf("%s shows %q: %.800s", what, found, text)
	}
}

// readable is what people and programs can read of this rig, by what it is: statuses, Events, and all metrics.
func (r *rig) readable() map[string]string {
	texts := map[string]string{}
	add := func(what string, v any) {
		text, err := json.Marshal(v)
		must(err)
		texts[what] = string(text)
	}
	profiles := &v1alpha1.FargateSecurityProfileList{}
	must(kube.List(context.Background(), profiles, client.InNamespace(r.ns)))
	for _, p := range profiles.Items {
		add("the status of "+p.Name, p.Status)
	}
	account := r.accountObject()
	if err := kube.Get(context.Background(), client.ObjectKeyFromObject(account), account); client.IgnoreNotFound(err) != nil {
		r.t.Fatal(err)
	}
	add("the status of "+r.account, account.Status)                     // its spec may hold an external id
	for _, namespace := range []string{r.ns, metav1.NamespaceDefault} { // the second has those of AWSAccounts, which are in no namespace
		events := &eventsv1.EventList{}
		must(kube.List(context.Background(), events, client.InNamespace(namespace)))
		for _, e := range events.Items {
			add("the Event "+e.Name, []string{e.Note, e.Reason, e.Action})
		}
	}
	for name, g := range map[string]prometheus.Gatherer{"the operator's metrics": registry, "the metrics of controller-runtime": metrics.Registry} {
		families, err := g.Gather()
		must(err)
		add(name, families)
	}
	return texts
}

// TestSecretsAreFound: the check sees each planted secret, wherever it stands.
func TestSecretsAreFound(t *testing.T) {
	for _, secret := range planted {
		if got := shows(`{"message":"before ` + secret + ` after"}`); len(got) == 0 {
			t.Errorf("%s is not found", secret)
		}
	}
	if got := shows("the secret of a session", "of a session"); len(got) != 1 {
		t.Errorf("found %q", got)
	}
	if got := shows("arn:aws:iam::111122223333:role/payments"); len(got) > 0 {
		t.Errorf("found %q in a text that holds none", got)
	}
}

// TestEverySecretIsHandled: the operator really is given each of the secrets, and AWS's answers really hold the others.
func TestEverySecretIsHandled(t *testing.T) {
	t.Parallel()
	role := "arn:aws:iam::111122223333:role/fargate-security-operator-x"
	r := newRig(t, func(a *v1alpha1.AWSAccount) {
		a.Spec.AssumeRole = &v1alpha1.AssumeRole{RoleARN: role, ExternalID: externalID}
	})
	r.sim.AllowAssume(role, externalID)
	must(r.sim.Enforce(role, withoutAction("ec2:CreateSecurityGroup")))
	p := r.full()
	r.create(p)
	r.stalled(p, "AccessDenied", "ec2:CreateSecurityGroup")
	if len(r.sim.Secrets()) < 2 {
		t.Errorf("the session has the secrets %q", r.sim.Secrets())
	}
	must(r.sim.Enforce(role, withoutAction("")))
	r.ready(p)
	r.gone(p)
}
