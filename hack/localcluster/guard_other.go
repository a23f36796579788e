// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package main

import "syscall"

// dieWithParent has no counterpart elsewhere; there a localcluster that is
// killed with SIGKILL leaves its children behind.
func dieWithParent() error { return nil }

func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
