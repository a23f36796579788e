// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// envtest starts etcd and kube-apiserver itself and gives no say in how. Killed
// the hard way, it leaves them running. So it is given links to this executable
// under their names; called by such a name, this program first arranges to be
// killed when its parent dies, and then becomes the real one.

// What a guard is told through its environment: where the real programs are,
// whose child it is, and whether it is to stay and start the program again.
const (
	guardAssets  = "LOCALCLUSTER_ASSETS"
	guardParent  = "LOCALCLUSTER_PID"
	guardRestart = "LOCALCLUSTER_RESTART"
)

const controllerManager = "kube-controller-manager"

var guardNames = []string{"etcd", "kube-apiserver", controllerManager}

func isGuardName(name string) bool { return slices.Contains(guardNames, name) }

func linkGuards(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, name := range guardNames {
		link := filepath.Join(dir, name)
		if err := os.Remove(link); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err := os.Symlink(self, link); err != nil {
			return err
		}
	}
	return nil
}

// runGuarded becomes the program, or stays and keeps it running. It only
// returns when it failed.
func runGuarded(args []string) error {
	name := filepath.Base(args[0])
	dir := os.Getenv(guardAssets)
	if dir == "" {
		return fmt.Errorf("%s is a link that only localcluster itself uses", args[0])
	}
	if err := dieWithParent(); err != nil {
		return err
	}
	// The parent may have died before that took effect.
	if os.Getenv(guardParent) != strconv.Itoa(os.Getppid()) {
		return errors.New("the process that started this one is already gone")
	}
	program := filepath.Join(dir, name)
	if os.Getenv(guardRestart) == "true" {
		return keepRunning(args[0], program, args[1:])
	}
	return fmt.Errorf("starting %s: %w", program, syscall.Exec(program, append([]string{program}, args[1:]...), os.Environ()))
}
