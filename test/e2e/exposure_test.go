// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// exposure: the operator listens on the two ports of its flags and on nothing else; the probes tell that it lives and
// nothing more; and without a token that may, the port of the metrics tells nothing at all (who may: the stage before).
func (l *life) exposure(t *testing.T) {
	metrics, probes := portOf(l.operator.metrics), portOf(l.operator.probes)
	want := []int{metrics, probes}
	slices.Sort(want)
	if got := listening(t, l.operator.Cmd.Process.Pid); !slices.Equal(got, want) {
		t.Errorf("the operator listens on the ports %v, want %v", got, want)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if status, body := fetch(t, l.operator.probes+path, ""); status != http.StatusOK || body != "ok" {
			t.Errorf("%s answers %d %q, want ok and no more", path, status, body)
		}
	}
	inner := []string{"/", "/metrics", "/debug/pprof/", "/debug/pprof/heap", "/debug/vars", "/configz", "/flagz", "/statusz"}
	for _, path := range inner {
		if status, body := fetch(t, l.operator.probes+path, ""); status != http.StatusNotFound {
			t.Errorf("the probes' port serves %s: %d %.80q", path, status, body)
		}
	}
	base, token := strings.TrimSuffix(l.operator.metrics, "/metrics"), l.scraper(t)
	for _, path := range inner {
		if path == "/metrics" {
			continue
		}
		for _, who := range []string{"", token} {
			if status, body := fetch(t, base+path, who); status != http.StatusNotFound {
				t.Errorf("the metrics' port serves %s: %d %.80q", path, status, body)
			}
		}
	}
	if status, body := fetch(t, strings.Replace(l.operator.metrics, "https:", "http:", 1), token); status != http.StatusBadRequest || strings.Contains(body, "fargatesec_") {
		t.Errorf("without TLS, the metrics answer %d %.80q", status, body)
	}
}

func portOf(address string) int {
	u, err := url.Parse(address)
	must(err)
	port, err := strconv.Atoi(u.Port())
	must(err)
	return port
}

func fetch(t *testing.T, address, token string) (status int, body string) {
	t.Helper()
	client := &http.Client{Timeout: patience, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // a certificate that the operator made for itself
	}}
	defer client.CloseIdleConnections()
	request, err := http.NewRequest(http.MethodGet, address, nil)
	must(err)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(response.Body) // a port of TLS that is spoken to without cuts its answer off
	return response.StatusCode, string(text)
}

// listening lists the TCP ports that a process listens on, and fails for a UDP socket: proc(5), /proc/net/tcp and
// /proc/pid/fd. It needs Linux.
func listening(t *testing.T, pid int) []int {
	t.Helper()
	sockets := map[string]bool{}
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	must(err)
	for _, file := range files {
		if target, err := os.Readlink(file); err == nil { // it may be closed by now
			if inode, isSocket := strings.CutPrefix(target, "socket:["); isSocket {
				sockets[strings.TrimSuffix(inode, "]")] = true
			}
		}
	}
	if len(sockets) == 0 {
		t.Fatalf("no sockets of process %d among %d files: this proves nothing", pid, len(files))
	}
	var ports []int
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		must(err)
		for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
			fields := strings.Fields(line)
			const local, state, inode = 1, 3, 9
			_, hex, _ := strings.Cut(fields[local], ":")
			port, err := strconv.ParseInt(hex, 16, 32)
			must(err)
			open := fields[state] == "0A" || strings.HasPrefix(table, "udp") && fields[2] == strings.Repeat("0", len(fields[2])-5)+":0000"
			if sockets[fields[inode]] && open {
				ports = append(ports, int(port))
			}
		}
	}
	slices.Sort(ports)
	return ports
}
