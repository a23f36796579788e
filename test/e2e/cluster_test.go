// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
	"github.com/fargate-security/fargate-security-operator/test/processes"
)

const (
	// systemNamespace and managerAccount are what config/default makes.
	systemNamespace = processes.SystemNamespace
	managerAccount  = processes.ManagerAccount
	metricsReader   = "fargate-security-metrics-reader"
	leaseName       = "operator.fargatesecurity.io"
)

// cluster is a real control plane with the operator's manifests installed.
type cluster struct{ *processes.Cluster }

// startCluster starts the control plane and installs the operator's manifests as the README says. The arguments are for
// localcluster: -audit-log FILE, -restart.
func startCluster(t *testing.T, dir string, args ...string) *cluster {
	t.Helper()
	c, err := processes.StartCluster(dir, processes.Parts{Root: installed.root, Localcluster: installed.localcluster, Controlplane: installed.controlplane}, args...)
	if c.Process != nil {
		endWith(t, c.Process)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &cluster{c}
}

// killPart kills a program of a cluster that was started with -restart, which stays down until startPart.
func (c *cluster) killPart(name string) error {
	link := filepath.Join(c.Dir, "cluster", "run", name)
	if err := os.WriteFile(link+".hold", nil, 0o600); err != nil {
		return err
	}
	return wait("killing "+name, func() error { // it may just be starting
		text, err := os.ReadFile(link + ".pid")
		if err != nil {
			return err
		}
		pid, err := strconv.Atoi(string(text))
		if err != nil {
			return err
		}
		return syscall.Kill(pid, syscall.SIGKILL)
	}, c.Process)
}

func (c *cluster) startPart(name string) error {
	return os.Remove(filepath.Join(c.Dir, "cluster", "run", name+".hold"))
}

// kubectl runs kubectl as the cluster's admin and returns what it printed.
func (c *cluster) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	return c.kubectlWith(t, "", args...)
}

func (c *cluster) kubectlWith(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	out, err := c.tryKubectl(stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (c *cluster) tryKubectl(stdin string, args ...string) (string, error) {
	return c.Kubectl(stdin, args...)
}

// managerKubeconfig writes a kubeconfig with the rights of config/rbac and no others.
func (c *cluster) managerKubeconfig() string {
	path, err := c.ManagerKubeconfig()
	must(err)
	return path
}

// profile reads a FargateSecurityProfile.
func (c *cluster) profile(namespace, name string) (*v1alpha1.FargateSecurityProfile, error) {
	p := &v1alpha1.FargateSecurityProfile{}
	err := c.Client.Get(context.Background(), client.ObjectKey{Namespace: namespace, Name: name}, p)
	return p, err
}

// leaseHolder is who leads; "" when nobody does.
func (c *cluster) leaseHolder(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(c.kubectl(t, "get", "lease", leaseName, "-n", systemNamespace, "-o", "jsonpath={.spec.holderIdentity}"))
}

// row reads a line of `kubectl get` into a map by its header.
func row(output string) (map[string]string, error) {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	if len(lines) != 2 {
		return nil, fmt.Errorf("expected a header and one line, got:\n%s", output)
	}
	header, values := strings.Fields(lines[0]), strings.Fields(lines[1])
	if len(header) != len(values) {
		return nil, fmt.Errorf("a column is empty:\n%s", output)
	}
	columns := map[string]string{}
	for i, name := range header {
		columns[name] = values[i]
	}
	return columns, nil
}
