// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"testing"

	"github.com/fargate-security/fargate-security-operator/test/processes"
)

// patience is how long anything may take before a scenario fails: it only bounds, nothing waits for its end.
const patience = processes.Patience

// waiting tells kubectl how long to wait.
var waiting = "--timeout=" + patience.String()

// process is a program that a scenario started, with its log.
type process = processes.Process

var (
	bareEnv   = processes.BareEnv
	run       = processes.Run
	tail      = processes.Tail
	errNotYet = processes.ErrNotYet
)

// start begins a process that ends with the test at the latest. Its log goes to a file in dir and is shown, from its
// end, when the test fails.
func start(t *testing.T, dir, name, program string, env []string, args ...string) *process {
	t.Helper()
	p, err := processes.Start(dir, name, program, env, args...)
	if err != nil {
		t.Fatal(err)
	}
	endWith(t, p)
	return p
}

// endWith ends a process with the test.
func endWith(t *testing.T, p *process) {
	t.Cleanup(func() {
		p.End()
		if t.Failed() {
			t.Logf("the end of %s:\n%s", p.Log, tail(p.Text()))
		}
	})
}

// until waits for check; the test fails when it does not come true.
func until(t *testing.T, what string, check func() error, needs ...*process) {
	t.Helper()
	if err := wait(what, check, needs...); err != nil {
		t.Fatal(err)
	}
}

func wait(what string, check func() error, needs ...*process) error {
	return processes.Wait(patience, what, check, needs...)
}

func freePort() int {
	port, err := processes.FreePort()
	must(err)
	return port
}
