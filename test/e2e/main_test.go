// SPDX-License-Identifier: Apache-2.0

// Package e2e_test runs the operator's own binary as a process against a real Kubernetes control plane and a stand-in
// for AWS, and looks at the outcome as a person would: with kubectl, the aws command and the SDK. The same scenarios
// run on our simulator and on moto, which others wrote; where moto is not like AWS stands in divergences_test.go.
package e2e_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
)

// parts are the programs that the scenarios start.
type parts struct {
	root                                    string // of the repository
	manager, awssim, localcluster           string
	controlplane, kubectl, moto, awsCommand string
}

var (
	installed parts
	backends  = []string{"awssim", "moto"}
)

func TestMain(m *testing.M) { os.Exit(runAll(m)) }

func runAll(m *testing.M) int {
	if err := errors.Join(prepare(), moreAtOnce()); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	// The client that the tests use has nothing to say that their own failures do not.
	log.SetLogger(zap.New(zap.WriteTo(io.Discard)))
	return m.Run()
}

// moreAtOnce lets more tests run side by side than there are cores, unless -parallel is given: they wait more than they work.
func moreAtOnce() error {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if given {
		return nil
	}
	return flag.Set("test.parallel", "4")
}

func prepare() error {
	if only := os.Getenv("E2E_BACKEND"); only != "" {
		if !slices.Contains(backends, only) {
			return fmt.Errorf("E2E_BACKEND is %q: use one of %s, or leave it out for all", only, strings.Join(backends, ", "))
		}
		backends = []string{only}
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return err
	}
	bin := directory("FARGATE_SECURITY_BIN", filepath.Join(root, "bin"))
	venv := directory("VIRTUAL_ENV", filepath.Join(root, "bin", "venv"))
	assets := directory("KUBEBUILDER_ASSETS", filepath.Join(root, "bin", "controlplane"))
	installed = parts{
		root: root, manager: filepath.Join(bin, "manager"), awssim: filepath.Join(bin, "awssim"),
		localcluster: filepath.Join(bin, "localcluster"), controlplane: assets, kubectl: filepath.Join(assets, "kubectl"),
		moto: filepath.Join(venv, "bin", "moto_server"), awsCommand: filepath.Join(venv, "bin", "aws"),
	}
	return installed.check()
}

func directory(variable, otherwise string) string {
	if dir := os.Getenv(variable); dir != "" {
		return dir
	}
	return otherwise
}

// check fails for a part that is missing: a test that cannot run has not passed.
func (p parts) check() error {
	var errs []error
	for target, programs := range map[string][]string{
		"make build":        {p.manager, p.awssim, p.localcluster},
		"make controlplane": {p.kubectl, filepath.Join(p.controlplane, "kube-apiserver"), filepath.Join(p.controlplane, "etcd"), filepath.Join(p.controlplane, "kube-controller-manager")},
		"make venv":         {p.moto, p.awsCommand},
	} {
		for _, program := range programs {
			if info, err := os.Stat(program); err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
				errs = append(errs, fmt.Errorf("%s is missing or cannot be run: `%s` makes it; `make e2e` makes all and runs these tests", program, target))
			}
		}
	}
	return errors.Join(errs...)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
