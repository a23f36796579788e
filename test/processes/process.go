// SPDX-License-Identifier: Apache-2.0

// Package processes starts real programs for the end-to-end tests and the bench: each with its log in a file, none
// outliving the one that started it, and a whole control plane with the operator's manifests installed.
package processes

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
	"time"
)

const (
	// Patience is how long anything may take before it has failed: it only bounds, nothing waits for its end.
	Patience = 5 * time.Minute
	// tailLines of each log are shown when something fails.
	tailLines = 15
)

// Process is a program that was started, with its log.
type Process struct {
	Name, Log string
	Cmd       *exec.Cmd
	Ended     chan struct{}
	Err       error // of its end; read it after Ended is closed
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

// Start begins a process that ends with this one at the latest. Its log goes to a file in dir.
func Start(dir, name, program string, env []string, args ...string) (*Process, error) {
	path := filepath.Join(dir, name+".log")
	file, err := os.Create(path) //nolint:gosec // the caller's own choice
	if err != nil {
		return nil, err
	}
	p := &Process{Name: name, Log: path, Ended: make(chan struct{})}
	p.Cmd = exec.Command(program, args...) //nolint:gosec // the caller's own choice
	p.Cmd.Env, p.Cmd.Stdout, p.Cmd.Stderr, p.Cmd.SysProcAttr = env, file, file, attributes()
	done := make(chan error)
	forks() <- func() { done <- p.Cmd.Start() }
	if err := <-done; err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", name, err), file.Close())
	}
	go func() {
		p.Err = p.Cmd.Wait()
		_ = file.Close()
		close(p.Ended)
	}()
	return p, nil
}

// Text is what it has logged so far.
func (p *Process) Text() string {
	text, _ := os.ReadFile(p.Log)
	return string(text)
}

// Tail is the end of a log, for the report of a failure.
func Tail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i, line := range lines {
		lines[i] = "  " + line[:min(len(line), 600)]
	}
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}

// Alive tells that it has not ended.
func (p *Process) Alive() bool {
	select {
	case <-p.Ended:
		return false
	default:
		return true
	}
}

// End asks the process to end and makes it, if need be.
func (p *Process) End() {
	_ = syscall.Kill(-p.Cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-p.Ended:
	case <-time.After(20 * time.Second):
	}
	p.Kill()
}

// Kill ends it the hard way, as a node that fails does.
func (p *Process) Kill() {
	_ = syscall.Kill(-p.Cmd.Process.Pid, syscall.SIGKILL)
	<-p.Ended
}

// ErrNotYet is for checks that have nothing better to say.
var ErrNotYet = errors.New("not yet")

// Wait asks check again and again until it returns nil. It gives up with its last error when the patience ends, or at
// once when a process that it depends on has ended.
func Wait(patience time.Duration, what string, check func() error, needs ...*Process) error {
	deadline := time.Now().Add(patience)
	for {
		err := check()
		if err == nil {
			return nil
		}
		for _, p := range needs {
			if !p.Alive() {
				return fmt.Errorf("%s: %s has ended by itself (%w); before that: %w", what, p.Name, p.Err, err)
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s, in %s: %w", what, patience, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Run runs a command to its end and returns what it printed.
func Run(program string, env []string, stdin string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*Patience) // a command may have a patience of its own
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // the caller's own choice
	var out, complaints bytes.Buffer
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = env, strings.NewReader(stdin), &out, &complaints
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w: %s", filepath.Base(program), strings.Join(args, " "), err, strings.TrimSpace(complaints.String()+out.String()))
	}
	return out.String(), nil
}

// FreePort finds a port for a program that cannot say which one it took. Somebody else may take it in between: whoever
// starts the program looks for that.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// BareEnv is an environment in which nothing of the person's who runs this can be found.
func BareEnv(home string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home, "LANG=C.UTF-8"}
}
