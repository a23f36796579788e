// SPDX-License-Identifier: Apache-2.0

package e2e_test

import "syscall"

// processAttributes: a group of its own, so that it ends as a whole, and an end together with us even when we are killed.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
