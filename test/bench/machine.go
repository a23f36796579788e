// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
)

// machine is what the numbers were measured on.
type machine struct {
	CPU        string `json:"cpu"`
	Cores      int    `json:"cores"`
	Memory     string `json:"memory"`
	System     string `json:"system"`
	Go         string `json:"go"`
	Kubernetes string `json:"kubernetes,omitempty"`
}

func thisMachine() machine {
	return machine{
		CPU: firstMatch("/proc/cpuinfo", `model name\s*: (.*)`), Cores: runtime.NumCPU(), Memory: firstMatch("/proc/meminfo", `MemTotal:\s*(.*)`),
		System: runtime.GOOS + "/" + runtime.GOARCH + " " + firstMatch("/proc/version", `Linux version (\S+)`), Go: runtime.Version(),
	}
}

func firstMatch(path, pattern string) string {
	text, _ := os.ReadFile(path) //nolint:gosec // a constant
	if m := regexp.MustCompile(pattern).FindSubmatch(text); m != nil {
		return string(m[1])
	}
	return ""
}

// commit is what was measured, as git calls it.
func commit() string {
	out, _ := exec.Command("git", "describe", "--always", "--dirty").Output()
	return strings.TrimSpace(string(out))
}
