// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// restartPoll is how often a guard looks whether it may start its program again.
const restartPoll = 100 * time.Millisecond

// keepRunning starts the program, and starts it again when it ends any other
// way than with exit code 0, so that it can be killed by whoever tests what
// depends on it. It passes on the request to stop, and then ends with the
// program.
func keepRunning(link, program string, args []string) error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	for {
		stopped, err := runOnce(link+".pid", program, args, stop)
		if stopped || err == nil {
			os.Exit(0)
		}
		fmt.Fprintf(os.Stderr, "localcluster: %s: %v; starting it again\n", program, err)
		if !mayStart(link+".hold", stop) {
			os.Exit(0)
		}
	}
}

// runOnce runs the program to its end. While it runs, the file holds its
// process id. stopped tells that it was asked to end.
func runOnce(pidFile, program string, args []string, stop <-chan os.Signal) (stopped bool, err error) {
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = os.Stdout, os.Stderr, childAttributes()
	if err := cmd.Start(); err != nil {
		return false, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if err := writePid(pidFile, cmd.Process.Pid); err != nil {
		return false, errors.Join(err, cmd.Process.Kill(), <-ended)
	}
	defer func() { _ = os.Remove(pidFile) }()
	select {
	case err := <-ended:
		return false, err
	case <-stop:
		_ = cmd.Process.Signal(syscall.SIGTERM)
		return true, <-ended
	}
}

// writePid lets the file appear with its content.
func writePid(path string, pid int) error {
	pending := path + ".new"
	if err := os.WriteFile(pending, []byte(strconv.Itoa(pid)), 0o600); err != nil {
		return err
	}
	return os.Rename(pending, path)
}

// mayStart waits until the file is gone; it returns false when everything is
// to stop instead. It waits at least once: a program that cannot start must
// not keep a core busy.
func mayStart(hold string, stop <-chan os.Signal) bool {
	tick := time.NewTicker(restartPoll)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return false
		case <-tick.C:
			if _, err := os.Stat(hold); errors.Is(err, fs.ErrNotExist) {
				return true
			}
		}
	}
}
