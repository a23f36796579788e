// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fargate-security/fargate-security-operator/api/v1alpha1"
)

const (
	// systemNamespace and managerAccount are what config/default makes.
	systemNamespace = "fargate-security-system"
	managerAccount  = "fargate-security-controller-manager"
	metricsReader   = "fargate-security-metrics-reader"
	leaseName       = "operator.fargatesecurity.io"
)

// cluster is a real control plane with the operator's manifests installed.
type cluster struct {
	dir     string // of kubectl's home and the kubeconfigs
	process *process
	admin   string // kubeconfig
	config  *rest.Config
	client  client.Client
	token   string // the manager's own
}

// startCluster starts the control plane and installs the operator's manifests as the README says. The arguments are for
// localcluster: -audit-log FILE, -restart.
func startCluster(t *testing.T, dir string, args ...string) *cluster {
	t.Helper()
	data := filepath.Join(dir, "cluster")
	c := &cluster{dir: dir, admin: filepath.Join(data, "kubeconfig")}
	args = append([]string{"--dir", data, "--assets", installed.controlplane}, args...)
	c.process = start(t, dir, "localcluster", installed.localcluster, bareEnv(dir), args...)
	until(t, "starting the control plane", func() error {
		_, err := os.Stat(c.admin)
		return err
	}, c.process)
	var err error
	c.config, err = clientcmd.BuildConfigFromFlags("", c.admin)
	must(err)
	scheme := runtime.NewScheme()
	must(errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)))
	c.client, err = client.New(c.config, client.Options{Scheme: scheme})
	must(err)
	c.kubectl(t, "apply", "-k", filepath.Join(installed.root, "config", "default"))
	c.kubectl(t, "apply", "-f", filepath.Join(installed.root, "test", "crds"))
	c.kubectl(t, "wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
	c.token = strings.TrimSpace(c.kubectl(t, "create", "token", managerAccount, "-n", systemNamespace, "--duration=1h"))
	return c
}

// killPart kills a program of a cluster that was started with -restart, which stays down until startPart.
func (c *cluster) killPart(name string) error {
	link := filepath.Join(c.dir, "cluster", "run", name)
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
	}, c.process)
}

func (c *cluster) startPart(name string) error {
	return os.Remove(filepath.Join(c.dir, "cluster", "run", name+".hold"))
}

// bareEnv is an environment in which nothing of the person's who runs the tests can be found.
func bareEnv(home string) []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home, "LANG=C.UTF-8"}
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
	return run(installed.kubectl, append(bareEnv(c.dir), "KUBECONFIG="+c.admin), stdin, args...)
}

// managerKubeconfig writes a kubeconfig with the token of the Deployment's service account: the operator gets the
// rights of config/rbac and no others.
func (c *cluster) managerKubeconfig() string {
	path := filepath.Join(c.dir, "manager.kubeconfig")
	text, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "e2e",
		"clusters": []any{map[string]any{"name": "e2e", "cluster": map[string]any{"server": c.config.Host, "certificate-authority-data": c.config.CAData}}},
		"users":    []any{map[string]any{"name": "manager", "user": map[string]any{"token": c.token}}},
		"contexts": []any{map[string]any{"name": "e2e", "context": map[string]any{"cluster": "e2e", "user": "manager"}}},
	})
	must(err)
	must(os.WriteFile(path, text, 0o600))
	return path
}

// profile reads a FargateSecurityProfile.
func (c *cluster) profile(namespace, name string) (*v1alpha1.FargateSecurityProfile, error) {
	p := &v1alpha1.FargateSecurityProfile{}
	err := c.client.Get(context.Background(), client.ObjectKey{Namespace: namespace, Name: name}, p)
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
