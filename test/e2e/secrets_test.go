// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"path/filepath"
	"strings"
	"testing"
)

// watchObjects has kubectl print every version of every profile, account and Event of the run into a log of its own.
func (s *suite) watchObjects(t *testing.T) {
	t.Helper()
	for _, resource := range []string{"fsp", "awsaccounts", "events.v1.events.k8s.io"} {
		env := append(bareEnv(s.dir), "KUBECONFIG="+s.cluster.Admin)
		s.watches = append(s.watches, start(t, s.dir, "watch-"+strings.SplitN(resource, ".", 2)[0], installed.kubectl, env, "get", resource, "-A", "-w", "-o", "json"))
	}
}

// keepMetrics remembers what the operator's metrics say now.
func (l *life) keepMetrics(t *testing.T) {
	t.Helper()
	status, body, err := l.operator.scrape(l.scraper(t))
	if err != nil || status != 200 {
		t.Fatalf("reading the metrics: %d, %v", status, err)
	}
	l.scrapes = append(l.scrapes, body)
}

// secrets are what the operator was given or told in this run, and the marks of more.
func (s *suite) secrets(t *testing.T) []string {
	t.Helper()
	ids := s.proxy.secrets()
	if len(ids) < 100 {
		t.Errorf("only %d request ids were seen: this proves little", len(ids))
	}
	return append(ids, operatorKey, operatorSecret, s.cluster.Token, "X-Amz-Signature", "Credential=", "Authorization:", "Bearer ")
}

// showNone fails for each secret in a text that people or programs can read.
func showNone(t *testing.T, what, text string, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		if at := strings.Index(text, secret); at >= 0 {
			t.Errorf("%s shows what must stay secret: ...%s...", what, text[max(0, at-150):min(len(text), at+60)])
		}
	}
}

// objectsAreClean: no status, Event or metric of the whole run has shown a secret.
func (s *suite) objectsAreClean(t *testing.T) {
	secrets := s.secrets(t)
	for _, p := range s.watches {
		if !p.Alive() {
			t.Errorf("%s ended before the run did: %s", p.Name, tail(p.Text()))
		}
		text := p.Text()
		if strings.Count(text, `"apiVersion"`) < 3 && p.Name != "watch-awsaccounts" || !strings.Contains(text, `"apiVersion"`) {
			t.Errorf("%s saw nothing: this proves nothing", p.Name)
		}
		showNone(t, filepath.Base(p.Log), text, secrets)
	}
	if len(s.scrapes) == 0 {
		t.Error("no metrics were read")
	}
	for _, body := range s.scrapes {
		showNone(t, "the metrics", body, secrets)
	}
}
