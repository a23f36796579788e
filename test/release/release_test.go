// SPDX-License-Identifier: Apache-2.0

// Package release_test runs hack/release.sh, which makes the files of a release, twice and in two places. To build the operator
// and the plugin in the way of a release is to compile all that they import once more, so a small program takes their place: what
// makes a build another one, paths, stamps, times and modes, does not depend on the program. RELEASE_PROGRAMS=real builds the real ones.
package release_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fargate-security/fargate-security-operator/test/processes"
)

const (
	root    = "../.."
	version = "v0.0.1-test.1"
)

var image = "example/fargate-security-operator@sha256:" + strings.Repeat("ab", 32)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// checkout copies what git knows, and what is new, to a directory of its own, so that no path, time or mode is that of another copy.
func checkout(t *testing.T, mode os.FileMode) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "src") // go ignores a go.mod in TMPDIR itself
	list, err := exec.Command("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	must(t, err)
	for _, name := range strings.Split(strings.Trim(string(list), "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		must(t, err)
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o750))
		must(t, os.WriteFile(path, text, mode))
	}
	return dir
}

// small takes the place of the programs. It imports something, for the SBOM.
const small = `package main

import (
	"fmt"

	"sigs.k8s.io/yaml"
)

var version = "devel"

func main() {
	text, err := yaml.Marshal(version)
	fmt.Println(string(text), err)
}
`

// stand writes a go command that builds the small program in place of those of a release, with the flags that it is given.
func stand(dir string) (string, error) {
	real, err := exec.LookPath("go")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(filepath.Dir(dir), "go-for-small-programs")
	text := fmt.Sprintf(`#!/bin/bash
if [[ "$*" == *"-X main.version="* ]]; then set -- "${@:1:$#-1}" ./small; fi
exec %q "$@"
`, real)
	return bin, errors.Join(os.MkdirAll(bin, 0o750), os.WriteFile(filepath.Join(bin, "go"), []byte(text), 0o700), //nolint:gosec // a program
		os.MkdirAll(filepath.Join(dir, "small"), 0o750), os.WriteFile(filepath.Join(dir, "small", "main.go"), []byte(small), 0o600))
}

// release runs the script in a checkout, for the platform of this machine's image.
func release(dir string, env []string, args ...string) (string, error) {
	bare := append(processes.BareEnv(filepath.Dir(dir)), "DRY_RUN=yes", "SOURCE_DATE_EPOCH=1700000000", "RELEASE_PLATFORMS=linux/amd64",
		"KUSTOMIZE="+filepath.Join(assets(), "kubectl")+" kustomize")
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "GONOSUMDB", "GOFLAGS", "GOTOOLCHAIN"} { // of the go command, as it is set up here
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			return "", err
		}
		if v := strings.TrimSpace(string(value)); v != "" {
			bare = append(bare, name+"="+v)
		}
	}
	if os.Getenv("RELEASE_PROGRAMS") != "real" {
		bin, err := stand(dir)
		if err != nil {
			return "", err
		}
		bare[0] = "PATH=" + bin + ":" + os.Getenv("PATH")
	}
	// However long it takes. What bounds it is the test's own timeout.
	script := exec.Command("bash", append([]string{filepath.Join(dir, "hack", "release.sh")}, args...)...) //nolint:gosec // of this repository
	script.Env = append(bare, env...)
	out, err := script.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return string(out), err
}

func assets() string {
	if dir := os.Getenv("KUBEBUILDER_ASSETS"); dir != "" {
		return dir
	}
	dir, err := filepath.Abs(filepath.Join(root, "bin", "controlplane"))
	if err != nil {
		panic(err)
	}
	return dir
}

// sums are the files of a directory.
func sums(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name())) //nolint:gosec // the test's own
		must(t, err)
		found[e.Name()] = fmt.Sprintf("%x", sha256.Sum256(text))
	}
	return found
}

// TestARelease makes one in two checkouts, whose files have other modes, times and paths, with another umask and clock, and compares the bytes.
func TestARelease(t *testing.T) {
	first, second := checkout(t, 0o600), checkout(t, 0o666)
	if out, err := release(first, nil, version, image); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	tools := filepath.Join(first, "bin", "release-tools")
	secret, public := filepath.Join(second, "secret"), filepath.Join(second, "public")
	_, err := processes.Run(filepath.Join(tools, "minisign"), processes.BareEnv(second), "", "-G", "-W", "-s", secret, "-p", public)
	must(t, err)
	elsewhere := filepath.Join(t.TempDir(), "a release")
	if out, err := release(second, []string{"MINISIGN_KEY=" + secret, "TZ=Asia/Tokyo", "LC_ALL=de_DE.UTF-8"}, version, image, elsewhere); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	one, two := sums(t, filepath.Join(first, "bin", "release")), sums(t, elsewhere)
	if _, signed := two["SHA256SUMS.minisig"]; !signed {
		t.Error("with a key, nothing is signed")
	}
	delete(two, "SHA256SUMS.minisig")
	want := []string{
		"SHA256SUMS", "crds.yaml", "install.yaml",
		"kubectl-fargatesec_" + version + "_linux_amd64.cdx.json", "kubectl-fargatesec_" + version + "_linux_amd64.tar.gz",
		"manager_" + version + "_linux_amd64.cdx.json", "manager_" + version + "_linux_amd64.tar.gz",
	}
	for _, found := range []map[string]string{one, two} {
		var names []string
		for name := range found {
			names = append(names, name)
		}
		slices.Sort(names)
		if !slices.Equal(names, want) {
			t.Errorf("the files are %q, want %q", names, want)
		}
	}
	for name, sum := range one {
		if two[name] != sum {
			t.Errorf("%s has other bytes in the second build", name)
		}
	}

	t.Run("checksums", func(t *testing.T) {
		_, err := processes.Run("bash", processes.BareEnv(elsewhere), "", "-c", `cd "$HOME" && sha256sum --strict --check --quiet SHA256SUMS`)
		must(t, err)
		text, err := os.ReadFile(filepath.Join(elsewhere, "SHA256SUMS"))
		must(t, err)
		if n := strings.Count(string(text), "\n"); n != len(want)-1 {
			t.Errorf("SHA256SUMS has %d lines, want one for each of the other files:\n%s", n, text)
		}
	})
	t.Run("signature", func(t *testing.T) {
		verify := func() error {
			_, err := processes.Run(filepath.Join(tools, "minisign"), processes.BareEnv(second), "", "-V", "-p", public, "-m", filepath.Join(elsewhere, "SHA256SUMS"))
			return err
		}
		must(t, verify())
		file, err := os.OpenFile(filepath.Join(elsewhere, "SHA256SUMS"), os.O_APPEND|os.O_WRONLY, 0)
		must(t, err)
		_, err = file.WriteString("0000  manager\n")
		must(t, err)
		must(t, file.Close())
		if verify() == nil {
			t.Error("a changed SHA256SUMS passes")
		}
	})
	for _, name := range []string{"manager", "kubectl-fargatesec"} {
		t.Run(name, func(t *testing.T) { programIsRight(t, filepath.Join(first, "bin", "release"), name) })
	}
	t.Run("manifests", func(t *testing.T) {
		text, err := os.ReadFile(filepath.Join(first, "bin", "release", "install.yaml"))
		must(t, err)
		if strings.Count(string(text), "image: "+image+"\n") != 1 || strings.Contains(string(text), "fargate-security-operator:dev") {
			t.Errorf("install.yaml does not have the image %s once", image)
		}
		if strings.Contains(string(text), "kind: CustomResourceDefinition") {
			t.Error("install.yaml has CRDs, which would go with it")
		}
	})
}

// programIsRight unpacks an archive, and looks whether the program holds its version, and its SBOM what the program was built of.
func programIsRight(t *testing.T, dir, name string) {
	base := filepath.Join(dir, name+"_"+version+"_linux_amd64")
	unpacked := t.TempDir()
	_, err := processes.Run("tar", processes.BareEnv(dir), "", "-xzf", base+".tar.gz", "-C", unpacked)
	must(t, err)
	program := filepath.Join(unpacked, name)
	if _, err := os.Stat(filepath.Join(unpacked, "LICENSE")); err != nil {
		t.Error(err)
	}
	if binary, err := os.ReadFile(program); err != nil || !bytes.Contains(binary, []byte(version)) { //nolint:gosec // the test's own
		t.Errorf("%s does not hold its version (%v)", name, err)
	}
	text, err := os.ReadFile(base + ".cdx.json")
	must(t, err)
	bom := struct {
		BOMFormat  string
		Metadata   struct{ Component struct{ Version string } }
		Components []struct{ Name, Version string }
	}{}
	must(t, json.Unmarshal(text, &bom))
	if bom.BOMFormat != "CycloneDX" || bom.Metadata.Component.Version != version {
		t.Errorf("the SBOM is %s of version %s", bom.BOMFormat, bom.Metadata.Component.Version)
	}
	modules, err := exec.Command("go", "version", "-m", program).Output()
	must(t, err)
	n := 0
	for _, line := range strings.Split(string(modules), "\n") {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[0] != "dep" {
			continue
		}
		n++
		if !slices.ContainsFunc(bom.Components, func(c struct{ Name, Version string }) bool { return c.Name == fields[1] && c.Version == fields[2] }) {
			t.Errorf("the SBOM lacks %s %s", fields[1], fields[2])
		}
	}
	if n == 0 {
		t.Error("the program names no modules: the check proves nothing")
	}
}

// TestBadCalls: what cannot become a release is refused before anything is built.
func TestBadCalls(t *testing.T) {
	dir := checkout(t, 0o600)
	for want, args := range map[string][]string{
		"usage:":                     {version},
		"VERSION is '0.1.0'":         {"0.1.0", image},
		"VERSION is 'v1'":            {"v1", image},
		"IMAGE is 'operator:latest'": {version, "operator:latest"},
		"IMAGE is 'a|b@sha256:":      {version, "a|b@sha256:" + strings.Repeat("0", 64)},
	} {
		if out, err := release(dir, nil, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v %s, want %q", args, err, out, want)
		}
	}
	git := func(args ...string) {
		t.Helper()
		_, err := processes.Run("git", processes.BareEnv(dir), "", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
		must(t, err)
	}
	git("init", "-q")
	tagged := []string{"DRY_RUN="}
	if _, err := release(dir, tagged, version, image); err == nil || !strings.Contains(err.Error(), "the checkout has changes") {
		t.Errorf("with changes: %v", err)
	}
	git("add", "-A")
	git("commit", "-qm", "all")
	git("tag", "v9.9.9")
	if _, err := release(dir, tagged, version, image); err == nil || !strings.Contains(err.Error(), "does not carry the tag "+version) {
		t.Errorf("without the tag: %v", err)
	}
}

// TestTheImageIsBuiltAlike: the Dockerfile's go build has the flags of the script's, so that the program in the image is that of the
// archive, and both programs have the variable that the flags set.
func TestTheImageIsBuiltAlike(t *testing.T) {
	const flags = `go build -trimpath -buildvcs=false -tags grpcnotrace -ldflags "-s -w -X main.version=`
	for name, parts := range map[string][]string{
		"Dockerfile":                     {flags, "CGO_ENABLED=0"},
		"hack/release.sh":                {flags, "CGO_ENABLED=0"},
		"main.go":                        {"version = \"dev"},
		"cmd/kubectl-fargatesec/main.go": {"version = \"dev"},
	} {
		text, err := os.ReadFile(filepath.Join(root, name))
		must(t, err)
		for _, part := range parts {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s does not have %s", name, part)
			}
		}
	}
}
