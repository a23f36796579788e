// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package e2e_test

import "syscall"

func processAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
