// SPDX-License-Identifier: Apache-2.0

package main

import (
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// dieWithParent survives exec: the kernel keeps the setting for the program
// that this process becomes.
func dieWithParent() error {
	runtime.LockOSThread()
	return unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0)
}

// childAttributes end a child together with the thread that started it, which
// dieWithParent has tied to this process; and put it in a group of its own, so
// that what kills it kills only it.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
