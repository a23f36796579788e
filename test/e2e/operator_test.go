// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// operator is the operator's binary at work.
type operator struct {
	*process
	metrics string // URL
	probes  string // URL
	// mark is the position of the proxy's log at the start.
	mark int
}

// portTaken is how the operator says that somebody took its port in the meantime.
const portTaken = "address already in use"

// startOperator runs bin/manager under the service account that config/default makes, with leader election on.
func (s *suite) startOperator(t *testing.T, args ...string) *operator {
	t.Helper()
	for attempt := 1; ; attempt++ {
		o := s.tryOperator(t, args...)
		ready := func() error {
			if !o.Alive() {
				return errors.Join(fmt.Errorf("%s has ended", o.Name), o.Err)
			}
			return statusOf(o.probes+"/readyz", http.StatusOK)
		}
		for deadline := time.Now().Add(patience); o.Alive() && ready() != nil && time.Now().Before(deadline); {
			time.Sleep(50 * time.Millisecond)
		}
		if err := ready(); err == nil {
			if err := statusOf(o.probes+"/healthz", http.StatusOK); err != nil {
				t.Errorf("ready, but not healthy: %v", err)
			}
			return o
		} else if attempt == 3 || !strings.Contains(o.Text(), portTaken) {
			t.Fatalf("the operator does not get ready: %v", err)
		}
	}
}

func (s *suite) tryOperator(t *testing.T, args ...string) *operator {
	t.Helper()
	s.operators++
	metrics, probes := freePort(), freePort()
	env := append(bareEnv(s.dir), "KUBECONFIG="+s.cluster.managerKubeconfig(),
		"AWS_ACCESS_KEY_ID="+operatorKey, "AWS_SECRET_ACCESS_KEY="+operatorSecret, "AWS_REGION="+region,
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true")
	env = append(env, s.env...)
	args = append([]string{
		"--leader-elect", fmt.Sprintf("--metrics-bind-address=127.0.0.1:%d", metrics),
		fmt.Sprintf("--health-probe-bind-address=127.0.0.1:%d", probes), "--operator-namespace=" + systemNamespace,
	}, args...)
	o := &operator{
		metrics: fmt.Sprintf("https://127.0.0.1:%d/metrics", metrics), probes: fmt.Sprintf("http://127.0.0.1:%d", probes),
		mark: s.proxy.mark(),
	}
	// On the suite's own test: an operator may outlive the scenario that started it.
	o.process = start(s.t, s.dir, fmt.Sprintf("manager-%d", s.operators), installed.manager, env, args...)
	s.logs = append(s.logs, o.process)
	return o
}

func statusOf(url string, want int) error {
	client := &http.Client{Timeout: patience}
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != want {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}

// stopGracefully sends SIGTERM: the operator must end by itself with exit code 0 and give up its leadership.
func (s *suite) stopGracefully(t *testing.T, o *operator) {
	t.Helper()
	began := time.Now()
	if err := o.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-o.Ended:
	case <-time.After(patience):
		t.Fatalf("SIGTERM did not end the operator within %s", patience)
	}
	if o.Err != nil {
		t.Errorf("after SIGTERM the operator ended with %v, want exit code 0", o.Err)
	}
	if holder := s.cluster.leaseHolder(t); holder != "" {
		t.Errorf("the lease is still held by %s: the next operator would wait for 15 seconds", holder)
	}
	t.Logf("SIGTERM: ended after %s", time.Since(began).Round(10*time.Millisecond))
}

// scrape reads the metrics with a token, or without one.
func (o *operator) scrape(token string) (status int, body string, err error) {
	client := &http.Client{Timeout: patience, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // a certificate that the operator made for itself
	}}
	defer client.CloseIdleConnections()
	request, err := http.NewRequest(http.MethodGet, o.metrics, nil)
	must(err)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

var (
	sample = regexp.MustCompile(`(?m)^([a-z_]+)\{([^}]*)\} ([0-9.e+]+)$`)
	label  = regexp.MustCompile(`(\w+)="([^"]*)"`)
	// signingName maps the SDK's service ids, which the metrics show, to the names in signatures.
	signingName = map[string]string{
		"EKS": "eks", "IAM": "iam", "EC2": "ec2", "KMS": "kms", "STS": "sts", "CloudWatch Logs": "logs", "Resource Groups Tagging API": "tagging",
	}
)

// countedCalls adds up fargatesec_aws_calls_total by service and operation.
func countedCalls(metrics string) map[string]int {
	counts := map[string]int{}
	for _, m := range sample.FindAllStringSubmatch(metrics, -1) {
		if m[1] != "fargatesec_aws_calls_total" {
			continue
		}
		labels := map[string]string{}
		for _, l := range label.FindAllStringSubmatch(m[2], -1) {
			labels[l[1]] = l[2]
		}
		n, err := strconv.ParseFloat(m[3], 64)
		must(err)
		counts[signingName[labels["service"]]+":"+labels["operation"]] += int(n)
	}
	return counts
}

// seenCalls adds up what the proxy saw of the operator.
func (s *suite) seenCalls(o *operator) map[string]int {
	counts := map[string]int{}
	for _, c := range s.proxy.since(o.mark) {
		counts[c.String()]++
	}
	return counts
}
