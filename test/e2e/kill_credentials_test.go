// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/test/tally"
)

// TestCredentialsEnd: the operator has its credentials, with a session token, from a file that somebody renews. When they
// end, status says so and what to do; when the file has new ones, the same process goes on with them.
func TestCredentialsEnd(t *testing.T) {
	t.Parallel()
	s := startSuite(t, "credentials")
	f := &credentialsFile{suite: s, path: filepath.Join(s.dir, "aws-credentials"), ended: map[string]bool{}}
	f.write("first")
	s.env = []string{"AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_SHARED_CREDENTIALS_FILE=" + f.path}
	s.operator = s.startOperator(t)
	s.applyAccount(t)
	s.cluster.kubectl(t, "patch", "awsaccount/e2e", "--type=merge", "-p", `{"spec":{"resyncInterval":"10s"}}`)
	f.life = &life{suite: s, world: s.newWorld(t, "keys")}
	f.life.driftInObserve(t)
	t.Run("they expire", func(t *testing.T) { f.end(t, "first", expired); f.renew(t, "second") })
	t.Run("they are deleted", func(t *testing.T) { f.end(t, "second", deleted); f.renew(t, "third") })
	t.Run("they are renewed in time", f.renewInTime)
	s.logsAreClean(t)
	for _, p := range s.logs {
		for _, token := range []string{"first", "second", "third", "fourth"} {
			if strings.Contains(p.Text(), tokenOf(token)) {
				t.Errorf("%s shows a session token", p.Log)
			}
		}
	}
	if !t.Failed() {
		tally.Add("real processes: credentials expired, deleted and renewed in time: told, and taken up from the file without a restart")
	}
}

// How each service says it: IAM and STS as their API references ("Common errors") have it, EC2 as its list of error codes
// has it, the others as the common errors of services with JSON answers.
var (
	expired = map[string]string{"iam": "ExpiredToken", "sts": "ExpiredToken", "ec2": "RequestExpired", "": "ExpiredTokenException"}
	deleted = map[string]string{"iam": "InvalidClientTokenId", "sts": "InvalidClientTokenId", "ec2": "AuthFailure", "": "UnrecognizedClientException"}
)

// credentialsFile is what the operator reads, and what AWS thinks of it.
type credentialsFile struct {
	*suite
	life *life
	path string

	mu    sync.Mutex
	ended map[string]bool // by token
}

func tokenOf(name string) string { return "IQoJb3JpZ2luX2VjEToken" + name }

func (f *credentialsFile) write(name string) {
	text := fmt.Sprintf("[default]\naws_access_key_id = ASIAE2EOPERATOR%s\naws_secret_access_key = %s\naws_session_token = %s\n",
		strings.ToUpper(name), operatorSecret, tokenOf(name))
	pending := f.path + ".new"
	must(os.WriteFile(pending, []byte(text), 0o600))
	must(os.Rename(pending, f.path))
}

// refuse has AWS refuse the credentials from now on.
func (f *credentialsFile) refuse(name string, codes map[string]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended[tokenOf(name)] = true
	f.proxy.instead(func(c call) http.HandlerFunc {
		f.mu.Lock()
		defer f.mu.Unlock()
		if !f.ended[c.token] {
			return nil
		}
		code := codes[c.service]
		if code == "" {
			code = codes[""]
		}
		return refusing(c, http.StatusForbidden, code, "The security token included in the request is not good any more")
	})
}

// end lets credentials end that are in use, and looks at what is told of it, and at what is not forgotten.
func (f *credentialsFile) end(t *testing.T, name string, codes map[string]string) {
	t.Helper()
	f.refuse(name, codes)
	p := f.life.readNow(t, f.life.world, "payments")
	f.checkRefused(t, "Ready of the profile", conditionOf(p, v1alpha1.ReadyCondition))
	f.life.checkColumns(t, "False", "True", "1", "Observe")
	if drift := driftOf(p); len(drift) != 1 {
		t.Errorf("the drift that was known is now %q", drift)
	}
	until(t, "waiting for the account's status", func() error {
		ready := f.accountReady(t)
		if ready.Status != metav1.ConditionFalse {
			return errNotYet
		}
		f.checkRefused(t, "Ready of the account", ready)
		return nil
	}, f.operator.process)
}

func (f *credentialsFile) checkRefused(t *testing.T, what string, c metav1.Condition) {
	t.Helper()
	if c.Status != metav1.ConditionFalse || c.Reason != "CredentialsRefused" || !strings.Contains(c.Message, "AWS refuses the operator's credentials") ||
		!strings.Contains(c.Message, "renew them") || strings.Contains(c.Message, "IAM policy") {
		t.Errorf("%s is %s %s: %s; want CredentialsRefused, saying that they are to be renewed", what, c.Status, c.Reason, c.Message)
	}
}

func (f *credentialsFile) accountReady(t *testing.T) metav1.Condition {
	t.Helper()
	account := &v1alpha1.AWSAccount{}
	must(f.cluster.Client.Get(background(), client.ObjectKey{Name: "e2e"}, account))
	if c := meta.FindStatusCondition(account.Status.Conditions, v1alpha1.ReadyCondition); c != nil {
		return *c
	}
	return metav1.Condition{}
}

// renew writes new credentials; nobody tells the operator.
func (f *credentialsFile) renew(t *testing.T, name string) {
	t.Helper()
	f.write(name)
	f.life.recovers(t)
	if !f.operator.Alive() {
		t.Error("the operator has ended: it was to go on with the new credentials")
	}
}

// renewInTime: the file has new credentials before the old ones end, so nobody notices.
func (f *credentialsFile) renewInTime(t *testing.T) {
	f.write("fourth")
	mark := f.proxy.mark()
	until(t, "waiting for the new credentials to be used", func() error {
		for _, c := range f.proxy.since(mark) {
			if c.token == tokenOf("fourth") {
				return nil
			}
		}
		return errNotYet
	}, f.operator.process)
	f.life.readNow(t, f.life.world, "payments") // so that no pass with the old ones is under way
	f.refuse("third", expired)
	mark = f.proxy.mark()
	p := f.life.readNow(t, f.life.world, "payments")
	if c := conditionOf(p, v1alpha1.ReadyCondition); c.Status != metav1.ConditionTrue {
		t.Errorf("Ready is %s %s: %s", c.Status, c.Reason, c.Message)
	}
	for _, c := range f.proxy.since(mark) {
		if c.token != tokenOf("fourth") {
			t.Errorf("%s was called with other credentials than those in the file", c)
		}
	}
}
