// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	// patience is how long anything may take before a scenario fails: it only bounds, nothing waits for its end.
	patience = 90 * time.Second
	// tailLines of each log are shown when a scenario fails.
	tailLines = 15
)

// process is a program that a scenario started, with its log.
type process struct {
	name, log string
	cmd       *exec.Cmd
	ended     chan struct{}
	err       error // of its end; read it after ended is closed
}

// forks runs every start on one thread that never ends: the kernel ties Pdeathsig to the thread that forked.
var forks = sync.OnceValue(func() chan<- func() {
	queue := make(chan func())
	go func() {
		runtime.LockOSThread()
		for start := range queue {
			start()
		}
	}()
	return queue
})

// start begins a process that ends with the test at the latest. Its log goes to a file in dir and is shown, from its
// end, when the test fails.
func start(t *testing.T, dir, name, program string, env []string, args ...string) *process {
	t.Helper()
	path := filepath.Join(dir, name+".log")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	p := &process{name: name, log: path, ended: make(chan struct{})}
	p.cmd = exec.Command(program, args...)
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr, p.cmd.SysProcAttr = env, file, file, processAttributes()
	done := make(chan error)
	forks() <- func() { done <- p.cmd.Start() }
	if err := <-done; err != nil {
		t.Fatalf("starting %s: %v", name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		_ = file.Close()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.end()
		if t.Failed() {
			t.Logf("the end of %s:\n%s", p.log, tail(p.text()))
		}
	})
	return p
}

func (p *process) text() string {
	text, _ := os.ReadFile(p.log)
	return string(text)
}

func tail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		lines[i] = "  " + line[:min(len(line), 600)]
	}
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}

func (p *process) alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// end asks the process to end and makes it, if need be.
func (p *process) end() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.ended
}

// kill ends it the hard way, as a node that fails does.
func (p *process) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.ended
}

// until waits for check; the test fails when it does not come true.
func until(t *testing.T, what string, check func() error, needs ...*process) {
	t.Helper()
	if err := wait(what, check, needs...); err != nil {
		t.Fatal(err)
	}
}

// wait asks check again and again until it returns nil. It gives up with its last error when patience ends, or at once
// when a process that it depends on has ended.
func wait(what string, check func() error, needs ...*process) error {
	deadline := time.Now().Add(patience)
	for {
		err := check()
		if err == nil {
			return nil
		}
		for _, p := range needs {
			if !p.alive() {
				return fmt.Errorf("%s: %s has ended by itself (%w); before that: %w", what, p.name, p.err, err)
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s, in %s: %w", what, patience, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

var errNotYet = errors.New("not yet")

// run runs a command to its end and returns what it printed.
func run(program string, env []string, stdin string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience+30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	var out, complaints bytes.Buffer
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, strings.NewReader(stdin), &out, &complaints
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w: %s", filepath.Base(program), strings.Join(args, " "), err, strings.TrimSpace(complaints.String()+out.String()))
	}
	return out.String(), nil
}

// freePort finds a port for a program that cannot say which one it took. Somebody else may take it in between: whoever
// starts the program looks for that.
func freePort() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}
