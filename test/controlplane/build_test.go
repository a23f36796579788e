// SPDX-License-Identifier: Apache-2.0

// Package controlplane tests hack/controlplane/build.sh: the real script and the real setup-envtest, a local server in place
// of where envtest's releases are, and a compiler that compiles nothing.
package controlplane

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/hex"
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
	"sync/atomic"
	"testing"
)

const script = "../../hack/controlplane/build.sh"

// Where a tool came from, as these tests' tools tell.
const (
	released = "released"
	compiled = "compiled"
	linked   = "linked"
)

var envtestTools = []string{"etcd", "kube-apiserver", "kubectl"}

// source plays the place that envtest's releases come from.
type source struct {
	*httptest.Server
	requests atomic.Int32
	// release holds the tools, version is its Kubernetes version, sum what the index says of it.
	release      []byte
	version, sum string
	// index and archive answer in place of what they would.
	index, archive http.HandlerFunc
}

func newSource(t *testing.T) *source {
	t.Helper()
	s := &source{release: archiveOf(t, envtestTools), version: kubernetesVersion(t)}
	s.sum = sumOf(s.release)
	mux := http.NewServeMux()
	mux.HandleFunc("/index.yaml", func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		if s.index != nil {
			s.index(w, r)
			return
		}
		name := fmt.Sprintf("envtest-%s-%s-%s.tar.gz", s.version, runtime.GOOS, runtime.GOARCH)
		_, _ = fmt.Fprintf(w, "releases:\n  %s:\n    %s:\n      hash: %s\n      selfLink: %s/release.tar.gz\n", s.version, name, s.sum, s.URL)
	})
	mux.HandleFunc("/release.tar.gz", func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		if s.archive != nil {
			s.archive(w, r)
			return
		}
		_, _ = w.Write(s.release)
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// silent answers when the client has given up, and not before.
func silent(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func kubernetesVersion(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../hack/controlplane/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^\s*k8s\.io/kubernetes (v\S+)`).FindSubmatch(text)
	if version == nil {
		t.Fatal("hack/controlplane/go.mod does not name a version of k8s.io/kubernetes")
	}
	return string(version[1])
}

// minor is the version without v and patch.
func minor(version string) string {
	parts := strings.Split(strings.TrimPrefix(version, "v"), ".")
	return parts[0] + "." + parts[1]
}

// tool is a program that tells where it came from.
func tool(from string) string { return "#!/bin/sh\necho " + from + "\n" }

// archiveOf is a release with these tools.
func archiveOf(t *testing.T, tools []string) []byte {
	t.Helper()
	var buffer bytes.Buffer
	zipped := gzip.NewWriter(&buffer)
	files := tar.NewWriter(zipped)
	for _, name := range tools {
		content := tool(released)
		header := &tar.Header{Name: "controller-tools/envtest/" + name, Mode: 0o755, Size: int64(len(content)), Typeflag: tar.TypeReg}
		if err := files.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := files.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

func sumOf(content []byte) string {
	sum := sha512.Sum512(content)
	return hex.EncodeToString(sum[:])
}

// compiler is a go command that builds setup-envtest and nothing else: of the control plane's tools it makes programs that
// tell that they were compiled.
const compiler = `#!/usr/bin/env bash
if [[ "$1" == build && " $* " == *" -trimpath "* ]]; then
  while [[ $# -gt 0 ]]; do
    if [[ "$1" == -o ]]; then printf '#!/bin/sh\necho compiled\n' >"$2"; chmod 755 "$2"; exit 0; fi
    shift
  done
fi
exec "$REAL_GO" "$@"
`

// build runs the script into out, and returns what it says.
func build(t *testing.T, out string, env []string, args ...string) string {
	t.Helper()
	goCommand, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir()
	if err := os.WriteFile(filepath.Join(path, "go"), []byte(compiler), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), script, args...)
	inherited := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "KUBEBUILDER_ASSETS=") || strings.HasPrefix(v, "CONTROLPLANE_")
	})
	cmd.Env = append(inherited, "REAL_GO="+goCommand, "PATH="+path+":"+os.Getenv("PATH"), "CONTROLPLANE_DIR="+out)
	// Long enough for any machine: where a test is about a wait that ends, it says so.
	cmd.Env = append(cmd.Env, "CONTROLPLANE_PREBUILT_LOOK=3600", "CONTROLPLANE_PREBUILT_LOAD=3600")
	cmd.Env = append(cmd.Env, env...)
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, said)
	}
	return string(said)
}

// origin asks a tool where it came from.
func origin(t *testing.T, out, name string) string {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), filepath.Join(out, name)).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(said))
}

func wantOrigins(t *testing.T, out, envtest, manager string) {
	t.Helper()
	for _, name := range envtestTools {
		if got := origin(t, out, name); got != envtest {
			t.Errorf("%s was %s, want %s", name, got, envtest)
		}
	}
	if got := origin(t, out, "kube-controller-manager"); got != manager {
		t.Errorf("kube-controller-manager was %s, want %s", got, manager)
	}
}

// TestAReleaseIsTaken: what envtest releases is downloaded once and not compiled; the rest is compiled.
func TestAReleaseIsTaken(t *testing.T) {
	t.Parallel()
	s, out := newSource(t), t.TempDir()
	index := "CONTROLPLANE_PREBUILT_INDEX=" + s.URL + "/index.yaml"
	said := build(t, out, []string{index})
	wantOrigins(t, out, released, compiled)
	if !strings.Contains(said, "took envtest's prebuilt release of Kubernetes "+minor(s.version)) {
		t.Errorf("it does not say where the tools are from:\n%s", said)
	}
	asked := s.requests.Load()
	if again := build(t, out, []string{index}); again != "" || s.requests.Load() != asked {
		t.Errorf("a second run makes everything anew:\n%s", again)
	}
	if err := os.Remove(filepath.Join(out, "kubectl")); err != nil {
		t.Fatal(err)
	}
	if build(t, out, []string{index}); origin(t, out, "kubectl") != released {
		t.Error("a tool that is missing was not taken again")
	}
}

// TestAnotherPatchWillDo: envtest does not release every patch.
func TestAnotherPatchWillDo(t *testing.T) {
	t.Parallel()
	s, out := newSource(t), t.TempDir()
	s.version = "v" + minor(s.version) + ".0"
	build(t, out, []string{"CONTROLPLANE_PREBUILT_INDEX=" + s.URL + "/index.yaml"})
	wantOrigins(t, out, released, compiled)
}

// TestWhereThereIsNoRelease: whatever is wrong with where releases come from is said in one line, and the tools are compiled.
func TestWhereThereIsNoRelease(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*source)
		env    []string
		said   string
	}{
		"not the content that the index promises": {func(s *source) { s.sum = sumOf([]byte("another")) }, nil, "checksum mismatch"},
		"another version only":                    {func(s *source) { s.version = "v1.2.3" }, nil, "there is no prebuilt release of Kubernetes"},
		"a tool is missing": {func(s *source) {
			s.release = archiveOf(t, envtestTools[:2])
			s.sum = sumOf(s.release)
		}, nil, "the prebuilt release has no kubectl"},
		"no index":               {func(s *source) { s.index = http.NotFound }, nil, "the index of prebuilt releases is not to be had"},
		"no archive":             {func(s *source) { s.archive = http.NotFound }, nil, "the prebuilt release is not to be had"},
		"nobody listens":         {func(s *source) { s.Close() }, nil, "connection refused"},
		"the index never comes":  {func(s *source) { s.index = silent }, []string{"CONTROLPLANE_PREBUILT_LOOK=1"}, "the index of prebuilt releases did not come within 1 s"},
		"the archive never ends": {func(s *source) { s.archive = silent }, []string{"CONTROLPLANE_PREBUILT_LOAD=1"}, "the prebuilt release did not come within 1 s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, out := newSource(t), t.TempDir()
			index := "CONTROLPLANE_PREBUILT_INDEX=" + s.URL + "/index.yaml"
			c.change(s)
			said := build(t, out, append(c.env, index))
			wantOrigins(t, out, compiled, compiled)
			if !strings.Contains(said, c.said) {
				t.Errorf("it does not say %q:\n%s", c.said, said)
			}
		})
	}
}

// TestNobodyIsAsked: who wants no release, or has the tools, has no request made.
func TestNobodyIsAsked(t *testing.T) {
	t.Parallel()
	assets := t.TempDir()
	for _, name := range envtestTools {
		if err := os.WriteFile(filepath.Join(assets, name), []byte(tool(linked)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct{ env, origin string }{
		"CONTROLPLANE_PREBUILT": {"CONTROLPLANE_PREBUILT=no", compiled},
		"KUBEBUILDER_ASSETS":    {"KUBEBUILDER_ASSETS=" + assets, linked},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, out := newSource(t), t.TempDir()
			build(t, out, []string{c.env, "CONTROLPLANE_PREBUILT_INDEX=" + s.URL + "/index.yaml"})
			wantOrigins(t, out, c.origin, compiled)
			if asked := s.requests.Load(); asked != 0 {
				t.Errorf("%d requests were made", asked)
			}
		})
	}
}

// TestOnlyWhatIsNamed: the demo does without kube-controller-manager, which nobody releases.
func TestOnlyWhatIsNamed(t *testing.T) {
	t.Parallel()
	s, out := newSource(t), t.TempDir()
	build(t, out, []string{"CONTROLPLANE_PREBUILT_INDEX=" + s.URL + "/index.yaml"}, envtestTools...)
	if _, err := os.Stat(filepath.Join(out, "kube-controller-manager")); !os.IsNotExist(err) {
		t.Errorf("kube-controller-manager was made although nobody asked for it: %v", err)
	}
}
