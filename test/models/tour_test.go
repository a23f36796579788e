// SPDX-License-Identifier: Apache-2.0

// Package models_test holds the simulator against things that this project did not write: botocore's service models,
// and boto3, which parses what it answers.
package models_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fargate-security/fargate-security-operator/internal/awssim"
)

// python is the interpreter of the pinned environment. Without it nothing here can be shown, so its lack is a failure.
func python(t *testing.T) string {
	t.Helper()
	venv := os.Getenv("VIRTUAL_ENV")
	if venv == "" {
		venv = filepath.Join("..", "..", "bin", "venv")
	}
	path, err := filepath.Abs(filepath.Join(venv, "bin", "python3"))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("the Python environment is missing: run `make venv` (%v)", err)
	}
	return path
}

// request is one call of the tour, as boto3 sent it.
type request struct {
	method, target string
	header         http.Header
	body           []byte
	// answer is the body that boto3 got.
	answer string
	// operation is what the simulator took it for, such as eks:CreateCluster.
	operation string
}

// newSim is the simulator that the tour begins on. It stands at one moment, so that the same calls give the same ids.
func newSim(t *testing.T) *awssim.Sim {
	t.Helper()
	sim := awssim.New(awssim.Options{Clock: awssim.NewManualClock(time.Date(2026, time.March, 4, 5, 6, 7, 0, time.UTC))})
	seed := awssim.DefaultSeed()
	trust := func(service string) []byte {
		return []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}]}`)
	}
	seed.Roles = []awssim.SeedRole{{Name: "pod-exec", Trust: trust("eks-fargate-pods.amazonaws.com")}, {Name: "node", Trust: trust("ec2.amazonaws.com")}}
	seed.Assumable = []awssim.SeedAssumable{{RoleARN: "arn:aws:iam::111122223333:role/assumable"}}
	if err := sim.Seed(seed); err != nil {
		t.Fatal(err)
	}
	return sim
}

// recorder passes calls on and keeps them.
type recorder struct {
	sim   *awssim.Sim
	mu    sync.Mutex
	calls []request
}

func (rec *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	call := request{method: r.Method, target: r.URL.RequestURI(), header: r.Header.Clone(), body: body}
	r.Body = io.NopCloser(bytes.NewReader(body))
	rec.sim.ResetCalls()
	answer := httptest.NewRecorder()
	rec.sim.Handler().ServeHTTP(answer, r)
	call.answer = answer.Body.String()
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
	for _, c := range rec.sim.Calls() {
		call.operation = c.Service + ":" + c.Operation
	}
	rec.calls = append(rec.calls, call)
}

// toured is what a run of tour.py made.
type toured struct {
	once   sync.Once
	calls  []request
	output string
	err    error
}

// The two tours: by boto3, and by the aws command.
var byBoto, byCommand toured

// tour runs the tour by boto3.
func tour(t *testing.T) ([]request, []string) {
	t.Helper()
	return byBoto.run(t)
}

// run runs tour.py once for all tests and returns the calls that it made and the lines that it printed.
func (toured *toured) run(t *testing.T, arguments ...string) ([]request, []string) {
	t.Helper()
	interpreter := python(t)
	toured.once.Do(func() {
		rec := &recorder{sim: newSim(t)}
		server := httptest.NewServer(rec)
		defer server.Close()
		cmd := exec.Command(interpreter, append([]string{"tour.py", server.URL}, arguments...)...) //nolint:gosec // our own script
		// Nothing of the machine's own AWS configuration.
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true"}
		text, err := cmd.CombinedOutput()
		toured.output, toured.err, toured.calls = string(text), err, rec.calls
	})
	if toured.err != nil {
		t.Fatalf("the tour ended with %v:\n%s", toured.err, toured.output)
	}
	return toured.calls, strings.Fields(toured.output)
}

// TestTour wants every operation that is served called with success and its answer parsed by boto3, and no other.
func TestTour(t *testing.T) {
	calls, parsed := tour(t)
	isWhole(t, calls, parsed)
}

// TestTourByCommand wants the same of the aws command, which has its own ways with arguments and output.
func TestTourByCommand(t *testing.T) {
	calls, parsed := byCommand.run(t, "cli")
	isWhole(t, calls, parsed)
}

func isWhole(t *testing.T, calls []request, parsed []string) {
	t.Helper()
	slices.Sort(parsed)
	parsed = slices.Compact(parsed)
	served := newSim(t).Operations()
	for _, operation := range served {
		if !slices.Contains(parsed, operation) {
			t.Errorf("%s is served, but tour.py does not call it", operation)
		}
	}
	for _, operation := range parsed {
		if !slices.Contains(served, operation) {
			t.Errorf("tour.py names %s, which is not served", operation)
		}
	}
	t.Logf("%d calls, %d operations", len(calls), len(parsed))
}
