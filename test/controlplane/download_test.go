// SPDX-License-Identifier: Apache-2.0

// Package controlplane_test runs hack/controlplane/build.sh against a server of its own that plays setup-envtest's source.
// Nothing is downloaded from elsewhere, and what the script would compile is written by a stand-in for the go command.
package controlplane_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/test/processes"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wanted is the version of Kubernetes that the script builds.
func wanted(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../hack/controlplane/go.mod")
	must(t, err)
	found := regexp.MustCompile(`(?m)^\s*k8s.io/kubernetes (v\S+)`).FindSubmatch(text)
	if found == nil {
		t.Fatal("hack/controlplane/go.mod does not say which Kubernetes")
	}
	return string(found[1])
}

// program is a program that says its version; origin tells where it came from.
func program(version, origin string) string {
	return fmt.Sprintf("#!/bin/sh\n# %s\necho 'Kubernetes %s'\n", origin, version)
}

func archive(t *testing.T, version string) []byte {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	files := tar.NewWriter(zipped)
	for _, name := range []string{"etcd", "kube-apiserver", "kubectl"} {
		text := program(version, "downloaded")
		must(t, files.WriteHeader(&tar.Header{Name: "controller-tools/envtest/" + name, Mode: 0o755, Size: int64(len(text)), Typeflag: tar.TypeReg}))
		_, err := files.Write([]byte(text))
		must(t, err)
	}
	must(t, files.Close())
	must(t, zipped.Close())
	return packed.Bytes()
}

// source is what the server has.
type source struct {
	listed, inside string                                           // version in the index, and that of the programs
	sum            string                                           // "" for the right one
	index, archive func(http.ResponseWriter, *http.Request, func()) // in place of an answer
}

func (s source) start(t *testing.T) string {
	t.Helper()
	packed := archive(t, s.inside)
	if s.sum == "" {
		s.sum = fmt.Sprintf("%x", sha512.Sum512(packed))
	}
	name := fmt.Sprintf("envtest-%s-%s-%s.tar.gz", s.listed, runtime.GOOS, runtime.GOARCH)
	over := make(chan struct{})
	answer := func(how func(http.ResponseWriter, *http.Request, func()), right func(http.ResponseWriter)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if how == nil {
				right(w)
				return
			}
			how(w, r, func() { <-over })
		}
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(func() { close(over); server.Close() })
	mux.HandleFunc("/index.yaml", answer(s.index, func(w http.ResponseWriter) {
		_, _ = fmt.Fprintf(w, "releases:\n  %s:\n    %s:\n      hash: %s\n      selfLink: %s/%s\n", s.listed, name, s.sum, server.URL, name)
	}))
	mux.HandleFunc("/"+name, answer(s.archive, func(w http.ResponseWriter) { _, _ = w.Write(packed) }))
	return server.URL + "/index.yaml"
}

func notFound(w http.ResponseWriter, _ *http.Request, _ func()) { w.WriteHeader(http.StatusNotFound) }

func never(_ http.ResponseWriter, _ *http.Request, wait func()) { wait() }

// half sends the beginning of an answer, and no end.
func half(w http.ResponseWriter, _ *http.Request, wait func()) {
	_, _ = w.Write([]byte("\x1f\x8b"))
	w.(http.Flusher).Flush()
	wait()
}

// stand writes a stand-in for go: what would be compiled of the control plane is written, and noted; all else is go's.
func stand(t *testing.T, dir, version string) {
	t.Helper()
	real, err := exec.LookPath("go")
	must(t, err)
	text := fmt.Sprintf(`#!/bin/bash
if [[ "$*" != *"/hack/controlplane "* ]]; then exec %q "$@"; fi
while [[ $# -gt 0 ]]; do
  if [[ "$1" == -o ]]; then out=$2; fi
  shift
done
cp %q "$out"
`, real, filepath.Join(dir, "program"))
	must(t, os.WriteFile(filepath.Join(dir, "program"), []byte(program(version, "built")), 0o755)) //nolint:gosec // a program
	must(t, os.WriteFile(filepath.Join(dir, "go"), []byte(text), 0o755))                           //nolint:gosec // a program
}

// run runs the script and tells where each program came from, and what was said.
func run(t *testing.T, index string, env ...string) (origins map[string]string, said string) {
	t.Helper()
	home, bin, out := t.TempDir(), t.TempDir(), t.TempDir()
	stand(t, bin, wanted(t))
	all := append(processes.BareEnv(home), "CONTROLPLANE_DIR="+out, "ENVTEST_INDEX="+index, "ENVTEST_PATIENCE=120", "ENVTEST_DOWNLOAD=120", "NO_PROXY=127.0.0.1")
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GONOSUMDB"} {
		value, err := exec.Command("go", "env", name).Output()
		must(t, err)
		all = append(all, name+"="+strings.TrimSpace(string(value)))
	}
	all[0] = "PATH=" + bin + ":" + os.Getenv("PATH")
	script, err := filepath.Abs("../../hack/controlplane/build.sh")
	must(t, err)
	said, err = processes.Run("bash", append(all, env...), "", "-c", `exec bash "$0" 2>&1`, script)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	origins = map[string]string{}
	entries, err := os.ReadDir(out)
	must(t, err)
	for _, e := range entries {
		switch e.Name() {
		case ".stamp", ".lock":
			continue
		}
		text, err := os.ReadFile(filepath.Join(out, e.Name())) //nolint:gosec // the test's own
		if err != nil {
			t.Errorf("%s is left behind: %v", e.Name(), err)
			continue
		}
		origins[e.Name()] = strings.TrimPrefix(strings.Split(string(text), "\n")[1], "# ")
	}
	return origins, said
}

var (
	built      = map[string]string{"etcd": "built", "kube-apiserver": "built", "kubectl": "built", "kube-controller-manager": "built"}
	downloaded = map[string]string{"etcd": "downloaded", "kube-apiserver": "downloaded", "kubectl": "downloaded", "kube-controller-manager": "built"}
)

// TestDownload: the binaries are taken where all is well, and built where anything is not; why is said in one line.
func TestDownload(t *testing.T) {
	v := wanted(t)
	for _, c := range []struct {
		name   string
		source source
		env    []string
		says   string // after "no prebuilt binaries: "; "" for a download
	}{
		{"present", source{listed: v, inside: v}, nil, ""},
		{"another checksum", source{listed: v, inside: v, sum: strings.Repeat("0", 128)}, nil, "checksum mismatch"},
		{"no index", source{listed: v, inside: v, index: notFound}, nil, "404"},
		{"no archive", source{listed: v, inside: v, archive: notFound}, nil, "404"},
		{"an index without the version", source{listed: "v1.2.3", inside: "v1.2.3"}, nil, "the index has no " + v},
		{"another version in the archive", source{listed: v, inside: "v1.2.3"}, nil, "the archive's kube-apiserver is Kubernetes v1.2.3, not Kubernetes " + v},
		{"an index that never comes", source{listed: v, inside: v, index: never}, []string{"ENVTEST_PATIENCE=1"}, "no answer within 1 s"},
		{"an index that never ends", source{listed: v, inside: v, index: half}, []string{"ENVTEST_PATIENCE=1"}, "no answer within 1 s"},
		{"an archive that never ends", source{listed: v, inside: v, archive: half}, []string{"ENVTEST_DOWNLOAD=1"}, "no answer within 1 s"},
		{"an index that is none", source{listed: v, inside: v, index: func(w http.ResponseWriter, _ *http.Request, _ func()) { _, _ = w.Write([]byte("<html>")) }}, nil, "unmarshal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			origins, said := run(t, c.source.start(t), c.env...)
			judge(t, origins, said, c.says)
		})
	}
	t.Run("nobody listens", func(t *testing.T) {
		server := httptest.NewServer(http.NotFoundHandler())
		server.Close()
		origins, said := run(t, server.URL)
		judge(t, origins, said, "connection refused")
	})
	t.Run("not asked for", func(t *testing.T) {
		origins, said := run(t, source{listed: v, inside: v}.start(t), "ENVTEST_PATIENCE=0")
		if fmt.Sprint(origins) != fmt.Sprint(built) || strings.Contains(said, "prebuilt") {
			t.Errorf("got %v and\n%s", origins, said)
		}
	})
}

func judge(t *testing.T, origins map[string]string, said, why string) {
	t.Helper()
	want := built
	if why == "" {
		want = downloaded
	}
	if fmt.Sprint(origins) != fmt.Sprint(want) {
		t.Errorf("the programs are %v, want %v; it said\n%s", origins, want, said)
	}
	lines := slices.DeleteFunc(strings.Split(said, "\n"), func(l string) bool { return !strings.Contains(l, "no prebuilt binaries: ") })
	switch {
	case why == "" && len(lines) > 0:
		t.Errorf("it said %q", lines)
	case why != "" && (len(lines) != 1 || !strings.Contains(lines[0], why)):
		t.Errorf("it said %q, want one line with %q; all of it:\n%s", lines, why, said)
	}
}
