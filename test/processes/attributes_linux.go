// SPDX-License-Identifier: Apache-2.0

package processes

import "syscall"

// attributes: a group of its own, so that it ends as a whole, and an end together with us even when we are killed.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
