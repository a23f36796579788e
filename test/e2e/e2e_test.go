// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestMissingPartsAreNamed: what is not there fails the tests, with the way to get it.
func TestMissingPartsAreNamed(t *testing.T) {
	dir := t.TempDir()
	err := parts{
		manager: dir + "/manager", awssim: installed.awssim, localcluster: dir, controlplane: dir, kubectl: installed.kubectl,
		moto: dir + "/moto_server", awsCommand: installed.awsCommand,
	}.check()
	for _, want := range []string{dir + "/manager is missing", "`make build`", dir + "/etcd is missing", "`make controlplane`", "moto_server is missing", "`make venv`"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

// TestEndToEnd runs the scenarios, in their order, on each backend; the backends side by side, each with a control plane
// of its own.
func TestEndToEnd(t *testing.T) {
	for _, name := range backends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runScenarios(t, name)
		})
	}
}

func runScenarios(t *testing.T, backendName string) {
	dir := logDir(t, backendName)
	s := &suite{t: t, dir: dir, backend: startBackend(t, backendName, dir)}
	s.proxy = startProxy(t, s.backend.url)
	if s.allowFor("deletion of a key by its ARN") {
		s.proxy.adapt = keyByID
	}
	s.auditLog = filepath.Join(dir, "audit.log")
	s.cluster = startCluster(t, dir, "-audit-log", s.auditLog)
	s.watchObjects(t)
	s.operator = s.startOperator(t)
	s.applyAccount(t)

	l := &life{suite: s, world: s.newWorld(t, "prod")}
	for _, stage := range []struct {
		name string
		do   func(*testing.T)
	}{
		{"a full profile is created", l.create},
		{"drift is observed", l.observe},
		{"drift is repaired", l.enforce},
		{"nothing to do is nothing done", l.silence},
		{"metrics are for those who may", l.metrics},
		{"nothing else is exposed", l.exposure},
		{"another namespace is refused", l.otherNamespace},
		{"missing permission is named", l.denied},
		{"metrics are kept", l.keepMetrics},
		{"another installation is refused", l.otherInstallation},
		{"observe-only writes nothing", l.observeOnly},
		{"deletion leaves nothing", l.delete},
		{"adoption and release", s.adoption},
		{"killed in the middle", s.killed},
		{"graceful end", func(t *testing.T) { s.stopGracefully(t, s.operator) }},
		{"where moto differs", s.checkProbes},
		{"the published policy is enough", s.leastPrivilege},
		{"the permissions in Kubernetes are all used", s.permissionsAreUsed},
		{"logs hold no secrets", s.logsAreClean},
		{"objects and metrics hold no secrets", s.objectsAreClean},
	} {
		// Each scenario starts from where the one before it ended.
		if !t.Run(stage.name, stage.do) && stage.name != "where moto differs" {
			t.FailNow()
		}
	}
}

// logDir is where the logs of a backend's processes are. They are kept when the test fails.
func logDir(t *testing.T, backendName string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fargatesec-e2e-"+backendName+"-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("all logs are in %s", dir)
			return
		}
		must(os.RemoveAll(dir))
	})
	return dir
}

// forbidden is how the API server refuses what config/rbac does not grant.
var forbidden = regexp.MustCompile(`is forbidden|cannot (get|list|watch|create|update|patch|delete) resource`)

// logsAreClean looks through the whole log of every operator for what must not be there.
func (s *suite) logsAreClean(t *testing.T) {
	s.logsHoldNoSecrets(t)
	for _, p := range s.logs {
		for _, line := range strings.Split(p.Text(), "\n") {
			if forbidden.MatchString(line) {
				t.Errorf("%s: config/rbac grants too little: %s", filepath.Base(p.Log), line)
			}
		}
	}
}

func (s *suite) logsHoldNoSecrets(t *testing.T) {
	ids := s.proxy.secrets()
	if len(ids) < 50 {
		t.Errorf("only %d request ids were seen: this proves little", len(ids))
	}
	secrets := append(ids, operatorKey, operatorSecret, s.cluster.Token, "X-Amz-Signature", "Credential=", "Authorization:", "Bearer ")
	lines := 0
	for _, p := range s.logs {
		text := p.Text()
		lines += strings.Count(text, "\n")
		for _, secret := range secrets {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("%s shows what must stay secret: ...%s...", filepath.Base(p.Log), text[max(0, at-150):min(len(text), at+60)])
			}
		}
		for _, line := range strings.Split(text, "\n") {
			if strings.Contains(line, "panic") {
				t.Errorf("%s: %s", filepath.Base(p.Log), line)
			}
		}
	}
	if lines < 50 {
		t.Errorf("the operators logged only %d lines: this proves nothing", lines)
	}
}
